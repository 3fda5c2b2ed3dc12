import { defineConfig } from 'vitest/config';

const root = new URL('..', import.meta.url).pathname;

export default defineConfig({
  test: {
    root,
    include: ['{clients,services,migrations,bench,.ci}/**/*.test.ts'],
    globalSetup: 'services/local/testing/global-setup.ts',
    testTimeout: 20_000,
    hookTimeout: 60_000,
    reporters: ['default', ['json', { outputFile: `${root}/.ci/results/tests.json` }]],
  },
});
