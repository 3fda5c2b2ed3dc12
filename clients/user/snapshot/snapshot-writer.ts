import { publish, type SnapshotMoved } from '../model/diagnostics.ts';
import { type SnapshotEntry, writeSnapshot } from './snapshot-file.ts';

interface SnapshotWriterOptions {
  path: string;
  /** Most bytes of the file. */
  maxBytes: number;
  /** Identity of the change feed that the users belong to. Empty: not known. */
  feed: () => string;
  unixClock: () => number;
}

/**
 * Longest last write in ms, so that a disk that hangs does not hold up the end of a process. Kubernetes waits
 * 30 s by default.
 */
const LAST_WRITE_MS = 10_000;

/**
 * Writes the snapshots of one client, one after another. Never rejects: a failure is a warning of the
 * process, once.
 */
export class SnapshotWriter {
  readonly #options: SnapshotWriterOptions;
  readonly #givingUp = new AbortController();
  #writing: Promise<void> | undefined;
  #isWarned = false;

  constructor(options: SnapshotWriterOptions) {
    this.#options = options;
  }

  /**
   * Returns the write in progress where there is one: on a slow disk writes would queue up, each with all its
   * users.
   */
  write(collect: () => readonly SnapshotEntry[]): Promise<void> {
    this.#writing ??= this.#write(collect()).finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  /**
   * Writes the last snapshot, after the write in progress. Both are aborted where they take too long
   * together.
   */
  async writeLast(entries: readonly SnapshotEntry[]): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      const error = new Error(`the disk did not take it within ${LAST_WRITE_MS} ms`);
      this.#fail(error);
      this.#givingUp.abort(error);
      resolve();
    }, LAST_WRITE_MS);
    const last = Promise.resolve(this.#writing).then(() => this.#write(entries));
    await Promise.race([last, late]);
    clearTimeout(timer);
  }

  async #write(entries: readonly SnapshotEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const startedAtMs = performance.now();
    const { path, maxBytes, feed, unixClock } = this.#options;
    const { signal } = this.#givingUp;
    try {
      const users = await writeSnapshot(
        path,
        { writtenAtMs: unixClock(), feed: feed(), entries },
        { maxBytes, signal },
      );
      this.#isWarned = false;
      publish('rollcall:user-client:snapshot:written', () => toSnapshotMoved(users, startedAtMs));
    } catch (error) {
      // An aborted write was reported already.
      if (!signal.aborted) this.#fail(error as Error);
    }
  }

  #fail(error: Error): void {
    publish('rollcall:user-client:snapshot:failed', () => ({ doing: 'write', error }));
    if (!this.#isWarned)
      warnOfSnapshot(`the snapshot ${this.#options.path} cannot be written: ${error.message}`);
    this.#isWarned = true;
  }
}

/** The message for so many users, with the time since then. */
export function toSnapshotMoved(users: number, startedAtMs: number): SnapshotMoved {
  return { users, durationMs: performance.now() - startedAtMs };
}

/** Emits a warning of the process. */
export function warnOfSnapshot(message: string): void {
  process.emitWarning(message, { type: 'UserClientWarning', code: 'ROLLCALL_USER_SNAPSHOT' });
}
