import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StartupFault } from '@rollcall/runtime';
import { closeLog, type LogFile, openLog } from './log-file.ts';
import { type LastWords, lastWords } from './service-log.ts';

/** Between two looks at a service that starts. Milliseconds. */
const POLL_MS = 20;
/** The same once it has taken longer than starting does: its database may be away for long. Milliseconds. */
const LATER_POLL_MS = 250;
const STARTING_MS = 10_000;
/** How long `/readyz` may take. Milliseconds. */
const READY_ANSWER_MS = 1000;
/** Longer than a service's own draining may take. Our own choice. */
const STOP_TIMEOUT_MS = 20_000;

/** Within so long a process that ended has told this one what it had to tell. Milliseconds. Our own choice. */
const LAST_MESSAGE_MS = 1000;

/** One service to run. */
export interface ServiceSpec {
  /** `auth` */
  name: string;
  /** Path of the file that Node runs. */
  entry: string;
  env: NodeJS.ProcessEnv;
  /** On 127.0.0.1, where `/readyz` answers 200 once the service can be called, and `/healthz` as long as the process lives. */
  httpPort: number;
  /** Directory for `<name>.log`. */
  logDirectory: string;
}

/** A service that was started. */
export interface ServiceProcess {
  pid: number | undefined;
  /** Why its log cannot be written; undefined: it can. */
  logFault: string | undefined;
  /** Settles when it has ended, with how and with its last words. */
  ended: Promise<Ending>;
  /** Settles when it can be called, true; or when it ended, or `limitMs` passed, before that, false. */
  ready(limitMs: number): Promise<boolean>;
  /** Whether it answers at all, whatever it depends on, within `timeoutMs`. */
  isAlive(timeoutMs: number): Promise<boolean>;
  /** Lets it drain; kills it where that takes too long. Settles when it is gone. */
  stop(): Promise<void>;
  /** Kills it, its own workers included. */
  kill(): void;
}

/** How a process ended. */
export interface Ending extends LastWords {
  /** `exit code 1`, `signal SIGKILL` */
  how: string;
}

const SILENT: LastWords = { reason: '', lastLine: '' };

/**
 * Starts a service. Its output goes to its log. It is in a session of its own, so that Ctrl-C does not reach it before this process
 * says so; and it has a channel to this process, by whose end it knows that its launcher is gone.
 */
export function startService(spec: ServiceSpec): ServiceProcess {
  const { log, logFault } = tryOpenLog(join(spec.logDirectory, `${spec.name}.log`));
  const output = log?.descriptor ?? 'ignore';
  const child = spawn(process.execPath, [spec.entry], {
    env: spec.env,
    detached: true,
    stdio: ['ignore', output, output, 'ipc'],
  });
  if (log) closeLog(log);
  const ended = endingOf(child, log);
  const url = (path: string) => `http://127.0.0.1:${spec.httpPort}${path}`;
  return {
    pid: child.pid,
    logFault,
    ended,
    ready: (limitMs) => becomesReady(child, url('/readyz'), limitMs),
    isAlive: async (timeoutMs) => (await statusOf(url('/healthz'), timeoutMs)) !== undefined,
    stop: () => stop(child, ended),
    kill: () => killSession(child),
  };
}

/** A service whose log cannot be opened runs without one: it serves, and its log may be opened at its next start. */
function tryOpenLog(path: string): { log?: LogFile; logFault?: string } {
  try {
    return { log: openLog(path) };
  } catch (error) {
    return { logFault: (error as Error).message };
  }
}

function endingOf(child: ChildProcess, log: LogFile | undefined): Promise<Ending> {
  const { promise, resolve } = Promise.withResolvers<Ending>();
  let fault = '';
  child.on('message', (message) => {
    const { startupFault } = (message ?? {}) as Partial<StartupFault>;
    fault = startupFault ?? fault;
  });
  child.on('error', (error) => resolve({ how: error.message, ...SILENT }));
  child.once('exit', async (code, signal) => {
    // What it sent before arrives before that.
    if (child.connected) await Promise.race([once(child, 'disconnect'), sleep(LAST_MESSAGE_MS)]);
    const words = log ? lastWords(log, { bySignal: signal !== null }) : SILENT;
    resolve({
      how: signal ? `signal ${signal}` : `exit code ${code}`,
      ...words,
      reason: fault || words.reason,
    });
  });
  return promise;
}

async function becomesReady(child: ChildProcess, url: string, limitMs: number): Promise<boolean> {
  const begun = performance.now();
  const passedMs = () => performance.now() - begun;
  while (isRunning(child) && passedMs() < limitMs) {
    if ((await statusOf(url, READY_ANSWER_MS)) === 200) return isRunning(child);
    await sleep(passedMs() < STARTING_MS ? POLL_MS : LATER_POLL_MS);
  }
  return false;
}

function statusOf(url: string, timeoutMs: number): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const request = get(url, { timeout: timeoutMs, agent: false }, (response) => {
    response.resume();
    resolve(response.statusCode);
  });
  request.once('timeout', () => request.destroy());
  request.once('error', () => resolve(undefined));
  return promise;
}

async function stop(child: ChildProcess, ended: Promise<Ending>): Promise<void> {
  if (isRunning(child)) child.kill('SIGTERM');
  const timer = setTimeout(() => killSession(child), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}

function killSession(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended in this very moment.
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}
