// npm run grants|audit|token: who may call, what was called, and tokens to call with.
import { ignoreBrokenPipes, StartupError } from '@rollcall/runtime';
import { runTool } from './run-tool.ts';

ignoreBrokenPipes();
try {
  process.stdout.write(await runTool(process.argv.slice(2), process.env));
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
