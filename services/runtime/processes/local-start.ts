import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url));

/** Name of the file in the data directory that says which ports a running `npm start` listens on. */
export const PORTS_FILE = 'ports.json';

/** What stands in that file. */
export interface LocalPorts {
  /** Process id of the `npm start` that wrote it. */
  readonly pid: number;
  /** Ports by the variable that sets them: `BILLING_HTTP_PORT`. */
  readonly ports: Readonly<Record<string, number>>;
}

/** The directory in which `npm start` keeps its data. Undefined: there is none. */
export function localDataDirectory(env: NodeJS.ProcessEnv): string | undefined {
  const path = resolve(CHECKOUT, env.ROLLCALL_DATA_DIR?.trim() || '.rollcall');
  return existsSync(path) ? path : undefined;
}

/**
 * The environment by which a command line finds the services of this machine: ports that the environment does not set are those
 * that a running `npm start` listens on, so that both follow one rule. Where none runs, the environment as it is.
 */
export function withLocalPorts(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const found = Object.entries(runningPorts(localDataDirectory(env)));
  const unset = found.filter(([variable]) => !env[variable]?.trim());
  return { ...env, ...Object.fromEntries(unset.map(([variable, port]) => [variable, String(port)])) };
}

function runningPorts(directory: string | undefined): LocalPorts['ports'] {
  if (directory === undefined) return {};
  try {
    const { pid, ports } = JSON.parse(readFileSync(join(directory, PORTS_FILE), 'utf8')) as LocalPorts;
    return isAlive(pid) ? ports : {};
  } catch {
    // Not there, or somebody else's: nothing is known of a running start.
    return {};
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It runs as another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
