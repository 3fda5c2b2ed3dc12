import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** A Node program that a test started. */
export interface Program {
  readonly child: ChildProcess;
  /** Settles when it has ended. */
  readonly ended: Promise<Ending>;
}

/** How a program ended. */
export interface Ending {
  /** Exit code, or the name of the signal that ended it. */
  readonly how: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a file with Node. `env` adds to this process' own. */
export function startProgram(file: string, { args, env, cwd }: ProgramOptions): Program {
  const child = spawn(process.execPath, [file, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]).then(
    ([[code, signal], stdout, stderr]): Ending => ({ how: signal ?? code, stdout, stderr }),
  );
  return { child, ended };
}

/** What a program is started with. */
export interface ProgramOptions {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}
