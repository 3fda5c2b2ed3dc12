import { type ChildProcess, spawn } from 'node:child_process';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeLog, type LogFile, openLog } from './log-file.ts';
import { lastWords } from './service-log.ts';

const POLL_MS = 20;
/** Longer than a cold start on a slow machine; a service that needs more hangs. Our own choice. */
const READY_TIMEOUT_MS = 60_000;
/** Longer than a service's own draining may take. Our own choice. */
const STOP_TIMEOUT_MS = 20_000;

/** One service to run. */
export interface ServiceSpec {
  /** `auth` */
  name: string;
  /** Path of the file that Node runs. */
  entry: string;
  env: NodeJS.ProcessEnv;
  /** On 127.0.0.1, where `/readyz` answers 200 once the service can be called. */
  httpPort: number;
  /** Directory for `<name>.log`. */
  logDirectory: string;
}

/** A service that was started. */
export interface ServiceProcess {
  pid: number | undefined;
  /** Settles when it has ended, with how and with its last words. */
  ended: Promise<Ending>;
  /** Settles when it can be called, true; or when it ended, or took a minute, before that, false. */
  ready(): Promise<boolean>;
  /** Lets it drain; kills it where that takes too long. Settles when it is gone. */
  stop(): Promise<void>;
  /** Kills it. */
  kill(): void;
}

/** How a process ended. */
export interface Ending {
  /** `exit code 1`, `signal SIGKILL` */
  how: string;
  /** One line; '' for none. */
  lastWords: string;
}

/**
 * Starts a service. Its output goes to its log. It is in a session of its own, so that Ctrl-C does not reach it before this process
 * says so; and it has a channel to this process, by whose end it knows that its launcher is gone.
 */
export function startService(spec: ServiceSpec): ServiceProcess {
  const log = openLog(join(spec.logDirectory, `${spec.name}.log`));
  const child = spawn(process.execPath, [spec.entry], {
    env: spec.env,
    detached: true,
    stdio: ['ignore', log.descriptor, log.descriptor, 'ipc'],
  });
  closeLog(log);
  const ended = endingOf(child, log);
  return {
    pid: child.pid,
    ended,
    ready: () => becomesReady(child, spec.httpPort),
    stop: () => stop(child, ended),
    kill: () => void child.kill('SIGKILL'),
  };
}

function endingOf(child: ChildProcess, log: LogFile): Promise<Ending> {
  const { promise, resolve } = Promise.withResolvers<Ending>();
  child.once('error', (error) => resolve({ how: error.message, lastWords: '' }));
  child.once('exit', (code, signal) => {
    resolve({
      how: signal ? `signal ${signal}` : `exit code ${code}`,
      lastWords: lastWords(log, { bySignal: signal !== null }),
    });
  });
  return promise;
}

async function becomesReady(child: ChildProcess, port: number): Promise<boolean> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (isRunning(child) && Date.now() < deadline) {
    if ((await statusOf(`http://127.0.0.1:${port}/readyz`)) === 200) return isRunning(child);
    await sleep(POLL_MS);
  }
  return false;
}

function statusOf(url: string): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const request = get(url, { timeout: 1000, agent: false }, (response) => {
    response.resume();
    resolve(response.statusCode);
  });
  request.once('timeout', () => request.destroy());
  request.once('error', () => resolve(undefined));
  return promise;
}

async function stop(child: ChildProcess, ended: Promise<Ending>): Promise<void> {
  if (isRunning(child)) child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}
