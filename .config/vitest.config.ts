import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['{clients,services,migrations,bench,.ci}/**/*.test.ts'],
    globalSetup: 'services/local/testing/global-setup.ts',
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Left-over servers and connections are defects: a file must end by itself.
    teardownTimeout: 5_000,
  },
});
