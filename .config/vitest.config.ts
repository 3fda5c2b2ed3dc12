import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));

export default defineConfig({
  test: {
    root,
    include: ['{clients,services,migrations,bench,.ci}/**/*.test.ts'],
    // The default, said aloud: vitest then does not end every run with the advice to turn it off.
    isolate: true,
    globalSetup: 'services/local/testing/global-setup.ts',
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // A condition of a busy machine may take longer to come than the default of a second.
    expect: { poll: { timeout: 15_000 } },
    reporters: ['default', ['json', { outputFile: `${root}/.ci/results/tests.json` }]],
  },
});
