// npm run import -- KIND PATH …: reads a file of bookings into the running services.
import { commandFolder, ignoreBrokenPipes, StartupError, withLocalPorts } from '@rollcall/runtime';
import { HELP, readArguments } from './arguments.ts';
import { readAddresses } from './calls/connect-services.ts';
import { ImportFault } from './import-fault.ts';
import { importFile } from './import-file.ts';

const { env } = process;

async function main(args: readonly string[]): Promise<void> {
  const read = readArguments(args);
  if (read === 'help') {
    process.stdout.write(HELP);
    return;
  }
  const addresses = readAddresses(withLocalPorts(env));
  const surroundings = {
    addresses,
    folder: commandFolder(env, 'import'),
    screen: process.stderr,
    signal: untilTold(),
  };
  const summary = await importFile(read, surroundings);
  process.stdout.write(`${summary.join('\n')}\n`);
}

/** Aborts at the first SIGINT or SIGTERM; a second one ends the process at once. */
function untilTold(): AbortSignal {
  const told = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () =>
      told.abort(new ImportFault(`Interrupted (${signal}): the same command goes on where this one ended`)),
    );
  }
  return told.signal;
}

ignoreBrokenPipes();
try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ImportFault || error instanceof StartupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
