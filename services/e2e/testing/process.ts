import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { COMPILE_CACHE, type ListeningPorts, listeningPorts, TEST_KEYS } from '@rollcall/runtime/testing';

/** A service as a process of its own, listening. Disposing it ends it by SIGTERM. */
export interface ServiceProcess extends AsyncDisposable, ListeningPorts {
  readonly pid: number;
  /** Everything it wrote so far, to either stream. */
  output(): string;
  /** Sends a real signal and, where it ends the process, waits for the end. */
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>;
  /** Closes the channel that ties it to its parent, as the end of the parent does. */
  disconnect(): Promise<number | null>;
}

/**
 * Starts `services/<name>/main.ts`. Ports that the environment does not give are the system's choice, keys
 * are this file's.
 */
export async function startService(
  name: 'auth' | 'booking' | 'vendor' | 'billing',
  env: NodeJS.ProcessEnv,
): Promise<ServiceProcess> {
  const prefix = name.toUpperCase();
  const main = fileURLToPath(new URL(`../../${name}/main.ts`, import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: {
      [`${prefix}_GRPC_PORT`]: '0',
      [`${prefix}_HTTP_PORT`]: '0',
      ...TEST_KEYS,
      ...COMPILE_CACHE,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: unknown) => {
      output += String(chunk);
    });
  }
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const ports = await listeningPorts(child);
  const kill = (signal: 'SIGKILL' | 'SIGTERM') => {
    child.kill(signal);
    return exited;
  };
  return {
    ...ports,
    pid: child.pid as number,
    output: () => output,
    kill,
    disconnect: () => {
      child.disconnect();
      return exited;
    },
    [Symbol.asyncDispose]: async () => void (await kill('SIGTERM')),
  };
}
