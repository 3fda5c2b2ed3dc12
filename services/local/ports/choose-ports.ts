import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartupError } from '@rollcall/runtime';
import type { LocalConfig, LocalPort } from '../config.ts';
import { errorCode } from '../data-directory/file-fault.ts';
import { LOCAL_SETTINGS } from '../settings.ts';

const POLL_MS = 50;
/** From here on Linux hands ports to outgoing connections (`net.ipv4.ip_local_port_range`): a server there may find its port held. */
const EPHEMERAL = 32_768;
/** How often a start is tried on other ports. Our own choice. */
const ATTEMPTS = 3;

/** A port that is in use, was not set, and has another one in its place for this run. */
export interface MovedPort {
  readonly variable: string;
  readonly from: number;
  readonly to: number;
}

/** Settings whose ports are free. */
export interface ChosenPorts {
  readonly config: LocalConfig;
  readonly moved: readonly MovedPort[];
}

/** What is started on ports. */
export interface PortUse {
  readonly ports: readonly LocalPort[];
  /** How long to wait for ports in use to become free. Milliseconds. Default 0: not at all. */
  readonly patienceMs?: number;
}

/**
 * Sees that every port is free, before anything is started on it. One that is in use and that the environment does not set has another
 * in its place, below those that Linux hands to outgoing connections.
 * @throws StartupError with one line for each port in use that the environment sets: port, variable, cure
 */
export async function choosePorts(
  config: LocalConfig,
  { ports, patienceMs = 0 }: PortUse,
): Promise<ChosenPorts> {
  const taken = await takenPorts(ports, patienceMs);
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

/** What runs, and the settings that it runs by. */
export interface StartedOnPorts<T> {
  readonly started: T;
  readonly config: LocalConfig;
}

/** How a start is repeated on other ports. */
export interface RepeatOnPorts {
  /** The ports of what is started, by its settings. */
  readonly portsOf: (config: LocalConfig) => readonly LocalPort[];
  /** Told of ports that were taken between the look at them and the start. */
  readonly onMoved: (moved: readonly MovedPort[]) => void;
}

/**
 * Starts something on ports that were free a moment ago, and again on others where one of them was taken meanwhile. Rejects with the
 * error of the start where its ports are not the reason.
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

/** For people: which port took the place of which. */
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

/** A port that cannot be listened on, and why. */
interface TakenPort extends LocalPort {
  readonly code: string;
}

async function takenPorts(ports: readonly LocalPort[], patienceMs: number): Promise<TakenPort[]> {
  const deadline = performance.now() + patienceMs;
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

/** A port in use may be anybody's: the same last four digits, further down. */
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

/** @returns code of the error; undefined: it can be listened on */
async function listenFault(port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const server = createServer();
  server.once('error', (error) => resolve(errorCode(error)));
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(undefined)));
  return await promise;
}
