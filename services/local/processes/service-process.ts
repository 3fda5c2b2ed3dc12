import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { killProcessGroup, type StartupFault } from '@rollcall/runtime';
import { closeLog, type LogFile, openLog } from './log-file.ts';
import { type LastLogLine, readLastLogLine } from './service-log.ts';

/** Interval of polling `/readyz` while a service starts. Milliseconds. */
const POLL_MS = 20;
/** Interval after `STARTING_MS`: the database may be away for long. Milliseconds. */
const LATER_POLL_MS = 250;
const STARTING_MS = 10_000;
/** Timeout of `/readyz`. Milliseconds. */
const READY_ANSWER_MS = 1000;
/** Longer than a service may drain. Milliseconds. Our own choice. */
const STOP_TIMEOUT_MS = 20_000;

/** How long the last message of an ended process may take to arrive. Milliseconds. Our own choice. */
const LAST_MESSAGE_MS = 1000;

/** A service to run. */
export interface ServiceSpec {
  /** `auth` */
  name: string;
  /** Path of the file that Node runs. */
  entry: string;
  env: NodeJS.ProcessEnv;
  /** Port on 127.0.0.1 of `/readyz` and `/healthz`. */
  httpPort: number;
  /** Directory for `<name>.log`. */
  logDirectory: string;
}

/** A started service. */
export interface ServiceProcess {
  pid: number | undefined;
  /** Why its log cannot be written. Undefined when it can. */
  logFault: string | undefined;
  /** Resolves when it has ended. */
  ended: Promise<Ending>;
  /** Resolves with true when it can be called, with false when it ended or `limitMs` passed before that. */
  ready(limitMs: number): Promise<boolean>;
  /** Whether the process answers within `timeoutMs`, ready or not. */
  isAlive(timeoutMs: number): Promise<boolean>;
  /** Lets it drain, and kills it when that takes too long. Resolves when it is gone. */
  stop(): Promise<void>;
  /** Kills it and its workers. */
  kill(): void;
}

/** How a process ended. */
export interface Ending extends LastLogLine {
  /** `exit code 1`, `signal SIGKILL` */
  how: string;
}

const SILENT: LastLogLine = { reason: '', lastLine: '' };

/**
 * Starts a service that writes to its log. It runs in a separate session, so that Ctrl-C does not reach it,
 * and has a channel to this process, whose end shows it that its launcher is gone.
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
    kill: () => killProcessGroup(child.pid),
  };
}

/** A service runs without a log when it cannot be opened. Its next start tries again. */
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
    // Its last message arrives before the channel closes.
    if (child.connected) await Promise.race([once(child, 'disconnect'), sleep(LAST_MESSAGE_MS)]);
    const last = log ? readLastLogLine(log, { bySignal: signal !== null }) : SILENT;
    resolve({
      how: signal ? `signal ${signal}` : `exit code ${code}`,
      ...last,
      reason: fault || last.reason,
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
  const timer = setTimeout(() => killProcessGroup(child.pid), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}
