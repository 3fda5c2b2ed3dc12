// npm run bench -- SUITE [--case NAME] [--json FILE] [--markdown FILE] [--rounds N]
import { ArgumentFault, readArguments, usage } from './arguments.ts';
import { describeLoad, describeMachine, writeJson, writeMarkdown } from './harness/report-files.ts';
import { runSuite } from './harness/run-suite.ts';
import { renderTable } from './harness/table.ts';
import { SUITES } from './suites/suites.ts';
import { createWorld } from './world/world.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);
const print = (text: string) => void process.stdout.write(`${text}\n`);

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) return print(usage(SUITES));
  const { suite, cases, rounds, json, markdown } = readArguments(args, SUITES);
  const day = new Date().toISOString().slice(0, 10);
  const circumstances = [describeMachine(), `${describeLoad()}; ${rounds} rounds; ${day}`];
  for (const line of circumstances) say(line);
  const rows = await (async () => {
    await using world = createWorld(say);
    return await runSuite({ suite, cases, world, rounds, say, signal: interruption() });
  })();
  print(`\n${renderTable(rows)}\n\n${circumstances.join('\n')}`);
  if (json !== undefined) writeJson(json, rows);
  if (markdown !== undefined) writeMarkdown(markdown, rows, circumstances);
  if (rows.length < cases.length || rows.some(({ verdict }) => verdict === 'failed')) process.exitCode = 1;
}

/**
 * Aborts at the first Ctrl+C: the running case finishes, and every process is stopped. A second Ctrl+C kills.
 */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      say('Stopping after this case ...');
      controller.abort();
    });
  }
  return controller.signal;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ArgumentFault)) throw error;
  say(`${error.message}. See npm run bench -- --help`);
  process.exitCode = 1;
}
