import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

// Migrating four databases takes longer than most runs: all runs share the ones that the runner of changes
// made.
export default defineConfig({
  test: {
    ...base.test,
    globalSetup: [],
    reporters: [['json', { outputFile: '.ci/results/mutation-run.json' }]],
    provide: JSON.parse(process.env.ROLLCALL_MUTATION_POSTGRES ?? '{}'),
  },
});
