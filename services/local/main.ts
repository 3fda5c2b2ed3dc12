// npm start: runs everything on this machine, in one terminal.
import { once } from 'node:events';
import { StartupError, standardOutput } from '@rollcall/runtime';
import { readLocalConfig } from './config.ts';
import { fileFault } from './data-directory/file-fault.ts';
import { USAGE } from './flags.ts';
import { type RunningLocal, startLocal } from './local.ts';
import { callsToPaste, createOutput, endpointTable, movedNotes } from './output.ts';
import type { SupervisedService } from './processes/supervisor.ts';
import { SERVICES } from './settings.ts';
import { listenForStop } from './stop-signal.ts';

const output = createOutput(standardOutput());
const STOPPING = `Stopping: ${SERVICES.toReversed().join(', ')}, Postgres ...`;

try {
  process.exitCode = await main();
} catch (error) {
  const line = error instanceof StartupError ? error.message : fileFault(error);
  if (line === undefined) throw error;
  process.stderr.write(`${line}\n`);
  process.exitCode = 1;
}

/** @returns the exit code */
async function main(): Promise<number> {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    output.say(USAGE);
    return 0;
  }
  const config = readLocalConfig(process.env, process.argv.slice(2));
  const services: SupervisedService[] = [];
  using stop = listenForStop(standardOutput(), () => {
    // The watchdog of Postgres stops it when this process ends.
    for (const service of services) service.kill();
    output.say('Killed.');
    process.exit(1);
  });
  try {
    const onService = (service: SupervisedService) => services.push(service);
    const running = await startLocal(config, { output, signal: stop.signal, onService });
    return await runUntilStopped(running, stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    output.say('Stopped before everything had started.');
    return 0;
  }
}

async function runUntilStopped(running: RunningLocal, signal: AbortSignal): Promise<number> {
  await using everything = running;
  if (!signal.aborted) {
    announce(everything);
    await once(signal, 'abort');
  }
  output.say(STOPPING);
  await everything[Symbol.asyncDispose]();
  output.say('Stopped.');
  return 0;
}

function announce({ facts, config }: RunningLocal): void {
  output.say(`\n${endpointTable(config, facts)}\n`);
  if (facts.moved.length > 0) output.say(`${movedNotes(facts)}\n`);
  output.say('Reachable from this machine only: callers need not say who they are.');
  output.say('To try it, in another terminal:\n');
  output.say(`${callsToPaste(config, facts)}\n`);
  output.say('Ctrl-C stops everything.\n');
  output.say('Rollcall is ready');
}
