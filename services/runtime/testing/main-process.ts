import { type ChildProcess, type ChildProcessByStdio, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** Where a service listens. */
export interface ListeningPorts {
  readonly grpcPort: number;
  readonly httpPort: number;
}

/** A service's process, whose output can be read. */
export type MainProcess = ChildProcessByStdio<null, Readable, Readable>;

/** The one variable that a process of a test inherits: where Node keeps compiled code, which halves the time that a start takes. */
export const COMPILE_CACHE: Readonly<NodeJS.ProcessEnv> = process.env.NODE_COMPILE_CACHE
  ? { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }
  : {};

/**
 * Starts a service's `main.ts` as a process of its own. `env` is all of its environment, beside the compile cache. The channel to its
 * parent ends it with the process that runs the test, also where that test failed before it ended what it started.
 */
export function startMain(main: string, env: NodeJS.ProcessEnv, args: readonly string[] = []): MainProcess {
  const options: SpawnOptions = {
    env: { ...COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  };
  return spawn(process.execPath, [main, ...args], options) as MainProcess;
}

/** How a process ended, and what it said. */
export interface Ran {
  /** Null: a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The same for one that ends by itself, such as a tool with arguments. */
export async function runMain(
  main: string,
  env: NodeJS.ProcessEnv,
  args: readonly string[] = [],
): Promise<Ran> {
  const child = startMain(main, env, args);
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'exit'),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, stdout, stderr };
}

/** What the log line says by which a service tells where it listens. Rejects, with all it said, where it ends before. */
export function listeningPorts(child: ChildProcess): Promise<ListeningPorts> {
  return new Promise((resolve, reject) => {
    const streams = [child.stdout, child.stderr];
    let output = '';
    const read = (chunk: unknown) => {
      output += String(chunk);
      const line = output.split('\n').find((each) => each.includes('"grpcPort"') && each.endsWith('}'));
      if (!line) return;
      for (const stream of streams) stream?.off('data', read);
      resolve(JSON.parse(line));
    };
    for (const stream of streams) stream?.on('data', read);
    child.once('exit', (code) =>
      reject(new Error(`The process ended with ${code} before it listened: ${output}`)),
    );
  });
}
