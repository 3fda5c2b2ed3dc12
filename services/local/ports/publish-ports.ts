import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LocalPorts, PORTS_FILE } from '@rollcall/runtime';
import type { LocalPort } from '../config.ts';

/** Ports in the file for other commands. Disposing removes the file. */
export interface PublishedPorts extends Disposable {
  /** Why the file could not be written. Undefined when it was. */
  readonly fault: string | undefined;
}

/**
 * Writes the ports of this start into the data directory, where other commands read them. A full disk stops
 * no start.
 */
export function publishPorts(dataDirectory: string, ports: readonly LocalPort[]): PublishedPorts {
  const path = join(dataDirectory, PORTS_FILE);
  const text: LocalPorts = {
    pid: process.pid,
    ports: Object.fromEntries(ports.map(({ variable, port }) => [variable, port])),
  };
  const remove = () => rmSync(path, { force: true });
  try {
    writeFileSync(`${path}.draft`, `${JSON.stringify(text)}\n`);
    // Atomic.
    renameSync(`${path}.draft`, path);
    return { fault: undefined, [Symbol.dispose]: remove };
  } catch (error) {
    return { fault: (error as Error).message, [Symbol.dispose]: remove };
  }
}
