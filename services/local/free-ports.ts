import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartupError } from '@rollcall/runtime';
import type { LocalPort } from './config.ts';
import { errorCode } from './error-code.ts';

const POLL_MS = 50;

/**
 * Sees that every port is free, before anything is started.
 * @param patienceMs how long to wait for ports in use to become free; 0: not at all
 * @throws StartupError with one line for each that is not: port, variable, cure
 */
export async function requireFreePorts(ports: readonly LocalPort[], patienceMs: number): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const faults = (await Promise.all(ports.map(faultOf))).filter((fault) => fault !== undefined);
    if (faults.length === 0) return;
    if (performance.now() >= deadline) throw new StartupError(faults.join('\n'));
    await sleep(POLL_MS);
  }
}

async function faultOf({ variable, port }: LocalPort): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const server = createServer();
  server.once('error', (error) => resolve(errorCode(error)));
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(undefined)));
  const code = await promise;
  if (code === undefined) return undefined;
  if (code === 'EADDRINUSE')
    return `Port ${port} is in use: stop what listens there, or set ${variable} to another port`;
  return `Port ${port} cannot be listened on (${code}): set ${variable} to another port`;
}
