import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));

// Tests that drive other people's command-line tools; apart, because a machine may lack them.
export default defineConfig({
  test: {
    root,
    include: ['services/e2e/**/*.tools.ts'],
    isolate: true,
    globalSetup: 'services/local/testing/global-setup.ts',
    testTimeout: 30_000,
    reporters: ['verbose', ['json', { outputFile: `${root}/.ci/results/tools.json` }]],
  },
});
