// npm run stripe -- send|list|replay|reconcile: sends sample events, lists rows that wait for an operator,
// replays events, and compares the ledger with Stripe.
import { ignoreBrokenPipes } from '@rollcall/runtime';
import { expectedMessage, runTool } from './run-tool.ts';

function interruption(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}

ignoreBrokenPipes();
try {
  process.exitCode = await runTool(process.argv.slice(2), {
    env: process.env,
    write: (text) => void process.stdout.write(text),
    interruption,
  });
} catch (error) {
  process.exitCode = 1;
  const message = expectedMessage(error);
  if (message === undefined) throw error;
  process.stderr.write(`${message}\n`);
}
