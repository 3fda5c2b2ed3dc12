import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartupError } from '@rollcall/runtime';
import type { LocalConfig, LocalPort } from '../config.ts';
import { errorCode } from '../data-directory/file-fault.ts';
import { LOCAL_SETTINGS } from '../settings.ts';

const POLL_MS = 50;
/**
 * First port of Linux's range for outgoing connections (`net.ipv4.ip_local_port_range`), where a server's
 * port may be taken.
 */
const EPHEMERAL = 32_768;
/** Attempts on other ports. Our own choice. */
const ATTEMPTS = 3;

/** A default port that was in use, and its replacement for this run. */
export interface MovedPort {
  readonly variable: string;
  readonly from: number;
  readonly to: number;
}

/** Settings with free ports. */
export interface ChosenPorts {
  readonly config: LocalConfig;
  readonly moved: readonly MovedPort[];
}

export interface PortUse {
  readonly ports: readonly LocalPort[];
  /** How long to wait for ports in use. Milliseconds. @defaultValue 0: do not wait */
  readonly maxWaitMs?: number;
}

/**
 * Checks that every port is free before a start. A default port in use is replaced by another one below
 * `EPHEMERAL`.
 * @throws StartupError with port, variable and cure for each port in use that the environment sets
 */
export async function choosePorts(
  config: LocalConfig,
  { ports, maxWaitMs = 0 }: PortUse,
): Promise<ChosenPorts> {
  const taken = await takenPorts(ports, maxWaitMs);
  const isSet = ({ variable }: LocalPort) => Boolean(config.env[variable]?.trim());
  const refused = taken.filter(isSet).map(faultOf);
  if (refused.length > 0) throw new StartupError(refused.join('\n'));
  const inUse = new Set(ports.map(({ port }) => port));
  const moved: MovedPort[] = [];
  for (const each of taken) {
    const to = await freePortFor(each, inUse);
    inUse.add(to);
    moved.push({ variable: each.variable, from: each.port, to });
  }
  return { config: withPorts(config, moved), moved };
}

/** A started process, and its settings. */
export interface StartedOnPorts<T> {
  readonly started: T;
  readonly config: LocalConfig;
}

export interface RepeatOnPorts {
  /** Returns the ports that the start uses. */
  readonly portsOf: (config: LocalConfig) => readonly LocalPort[];
  /** Called with ports that were taken between the check and the start. */
  readonly onMoved: (moved: readonly MovedPort[]) => void;
}

/**
 * Runs a start, and runs it again on other ports when one was taken after the check. Rejects with the error
 * of the start when ports are not the reason.
 */
export async function startOnPorts<T>(
  config: LocalConfig,
  { portsOf, onMoved }: RepeatOnPorts,
  start: (config: LocalConfig) => Promise<T>,
): Promise<StartedOnPorts<T>> {
  let current = config;
  for (let attempt = 1; ; attempt++) {
    try {
      return { started: await start(current), config: current };
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      const { config: next, moved } = await choosePorts(current, { ports: portsOf(current) });
      if (moved.length === 0) throw error;
      onMoved(moved);
      current = next;
    }
  }
}

/** Describes a replaced port in one line. */
export function describeMoved({ variable, from, to }: MovedPort): string {
  return `Port ${from} is in use: ${variable} is ${to} in this run`;
}

function withPorts(config: LocalConfig, moved: readonly MovedPort[]): LocalConfig {
  const ports = new Map(moved.map(({ variable, to }) => [variable, to]));
  const changed = Object.entries(LOCAL_SETTINGS).flatMap(([key, { variable }]) => {
    const port = ports.get(variable);
    return port === undefined ? [] : [[key, port] as const];
  });
  return { ...config, ...Object.fromEntries(changed) };
}

/** A port that cannot be listened on. */
interface TakenPort extends LocalPort {
  readonly code: string;
}

async function takenPorts(ports: readonly LocalPort[], maxWaitMs: number): Promise<TakenPort[]> {
  const deadline = performance.now() + maxWaitMs;
  for (;;) {
    const codes = await Promise.all(ports.map(({ port }) => listenFault(port)));
    const taken = ports.flatMap((each, at) => {
      const code = codes[at];
      return code === undefined ? [] : [{ ...each, code }];
    });
    if (taken.length === 0 || performance.now() >= deadline) return taken;
    await sleep(POLL_MS);
  }
}

/** Keeps the last four digits, in a lower range. */
async function freePortFor(taken: TakenPort, inUse: ReadonlySet<number>): Promise<number> {
  for (let port = 20_000 + (taken.port % 10_000); port < EPHEMERAL; port += 10) {
    if (!inUse.has(port) && (await listenFault(port)) === undefined) return port;
  }
  throw new StartupError(faultOf(taken));
}

function faultOf({ variable, port, code }: TakenPort): string {
  if (code === 'EADDRINUSE')
    return `Port ${port} is in use: stop what listens there, or set ${variable} to another port`;
  return `Port ${port} cannot be listened on (${code}): set ${variable} to another port`;
}

/** @returns code of the error; undefined when the port is free */
async function listenFault(port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const server = createServer();
  server.once('error', (error) => resolve(errorCode(error)));
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(undefined)));
  return await promise;
}
