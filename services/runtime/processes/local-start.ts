import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isProcessAlive } from './process-signals.ts';

const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url));

/** Name of the file in the data directory with the ports of a running `npm start`. */
export const PORTS_FILE = 'ports.json';

/** Contents of that file. */
export interface LocalPorts {
  /** Process id of the `npm start` that wrote it. */
  readonly pid: number;
  /** Ports by the variable that sets them: `BILLING_HTTP_PORT`. */
  readonly ports: Readonly<Record<string, number>>;
}

/** The data directory of `npm start`. Undefined when it does not exist. */
export function localDataDirectory(env: NodeJS.ProcessEnv): string | undefined {
  const path = resolve(CHECKOUT, env.ROLLCALL_DATA_DIR?.trim() || '.rollcall');
  return existsSync(path) ? path : undefined;
}

/**
 * Adds the ports of a running `npm start` to the environment, where it does not set them, so that command
 * lines find the services of this machine. Unchanged when none runs.
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
    return isProcessAlive(pid) ? ports : {};
  } catch {
    // The file is missing or belongs to another program.
    return {};
  }
}
