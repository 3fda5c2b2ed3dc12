// Prints one line that counts the tests of this run, at the end of the log.
import { readFileSync } from 'node:fs';

const totals = { passed: 0, failed: 0, skipped: 0 };
for (const name of ['tests', 'tools']) {
  const results = JSON.parse(readFileSync(new URL(`results/${name}.json`, import.meta.url), 'utf8'));
  totals.passed += results.numPassedTests;
  totals.failed += results.numFailedTests;
  totals.skipped += results.numPendingTests + results.numTodoTests;
}
process.stdout.write(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`);
