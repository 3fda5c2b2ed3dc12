import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LocalPorts, PORTS_FILE } from '@rollcall/runtime';
import type { LocalPort } from '../config.ts';

/** Ports that are told to command lines. Disposing of it takes them back. */
export interface KeptPorts extends Disposable {
  /** Why they could not be told; undefined: they are. */
  readonly fault: string | undefined;
}

/**
 * Writes into the data directory which ports this start listens on, for command lines, which find the services by them.
 * A disk that is full stops no start.
 */
export function keepPorts(dataDirectory: string, ports: readonly LocalPort[]): KeptPorts {
  const path = join(dataDirectory, PORTS_FILE);
  const text: LocalPorts = {
    pid: process.pid,
    ports: Object.fromEntries(ports.map(({ variable, port }) => [variable, port])),
  };
  const remove = () => rmSync(path, { force: true });
  try {
    writeFileSync(`${path}.draft`, `${JSON.stringify(text)}\n`);
    // Whole or not at all.
    renameSync(`${path}.draft`, path);
    return { fault: undefined, [Symbol.dispose]: remove };
  } catch (error) {
    return { fault: (error as Error).message, [Symbol.dispose]: remove };
  }
}
