import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { SECRET_FILE, StartupError } from '@rollcall/runtime';
import { homeOf, removePostgresHome } from './postgres/placement.ts';
import { waitForPredecessor } from './postgres/postmaster-file.ts';
import { SAMPLE_STATE_FILE } from './sample/sample-state.ts';
import { SERVICES } from './services.ts';

/**
 * Asks whether the embedded database may go.
 * @param dataDirectory real path
 * @param options `yes`: the answer was given beforehand; `isTerminal`: whether there is somebody to ask, by default as it is
 * @throws StartupError where there is no terminal to ask on
 */
export async function confirmReset(
  dataDirectory: string,
  { yes, isTerminal = process.stdin.isTTY && process.stdout.isTTY }: { yes: boolean; isTerminal?: boolean },
): Promise<boolean> {
  if (yes) return true;
  if (!isTerminal) {
    throw new StartupError(
      `--reset asks before it empties ${dataDirectory}, and here is no terminal to ask on: add --yes`,
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(
      `Everything in ${homeOf(dataDirectory)} will be lost. Begin anew? [y/N] `,
    );
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

/**
 * Removes the embedded database, its secret, what services remember of their users, and the note of what sample it holds. Whatever else lies in the directory stays.
 * @param dataDirectory real path, held by this process
 * @returns where the database was
 * @throws StartupError where a Postgres still runs on it
 */
export async function resetDataDirectory(dataDirectory: string): Promise<string> {
  const home = homeOf(dataDirectory);
  await waitForPredecessor(join(dataDirectory, 'postgres/data'));
  rmSync(join(dataDirectory, SAMPLE_STATE_FILE), { force: true });
  for (const service of SERVICES) rmSync(join(dataDirectory, service), { recursive: true, force: true });
  removePostgresHome(dataDirectory);
  rmSync(join(dataDirectory, SECRET_FILE), { force: true });
  return home;
}
