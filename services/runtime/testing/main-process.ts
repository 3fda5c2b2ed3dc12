import { type ChildProcess, type ChildProcessByStdio, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** Ports of a running service. */
export interface ListeningPorts {
  readonly grpcPort: number;
  readonly httpPort: number;
}

/** The process of a service, with readable output. */
export type MainProcess = ChildProcessByStdio<null, Readable, Readable>;

/**
 * The one variable that a test process inherits: the folder of Node's compile cache, which halves start
 * times.
 */
export const COMPILE_CACHE: Readonly<NodeJS.ProcessEnv> = process.env.NODE_COMPILE_CACHE
  ? { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }
  : {};

/**
 * Starts the `main.ts` of a service as a process. `env` is its whole environment, besides the compile cache.
 * The channel to its parent ends it with the test process, even after a failed test.
 */
export function startMain(main: string, env: NodeJS.ProcessEnv, args: readonly string[] = []): MainProcess {
  const options: SpawnOptions = {
    env: { ...COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  };
  return spawn(process.execPath, [main, ...args], options) as MainProcess;
}

/** Exit code and output of a process. */
export interface Ran {
  /** Null when a signal ended the process. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a process that ends by itself, such as a command line. */
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

/**
 * Reads the ports from the log line of a started service. Rejects with the whole output when the process ends
 * before.
 */
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
