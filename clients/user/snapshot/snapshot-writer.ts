import { publish, type SnapshotMoved } from '../model/diagnostics.ts';
import { type SnapshotEntry, writeSnapshot } from './snapshot-file.ts';

/** Where to write, and how much. */
interface SnapshotWriterOptions {
  path: string;
  /** Most bytes of the file. */
  maxBytes: number;
  /** Identity of the change feed that the users are true of. Empty: not known. */
  feed: () => string;
  unixClock: () => number;
}

/** A disk that hangs must not keep a process from ending. Kubernetes leaves it 30 s by default. */
const LAST_WRITE_MS = 10_000;

/** Writes the snapshots of one client, one after another. No method rejects: a fault is a warning of the process, once. */
export class SnapshotWriter {
  readonly #options: SnapshotWriterOptions;
  readonly #givingUp = new AbortController();
  #writing: Promise<void> | undefined;
  #isWarned = false;

  constructor(options: SnapshotWriterOptions) {
    this.#options = options;
  }

  /** One at a time, also the one under way: on a slow disk they would queue up, each with all users of its time. */
  write(collect: () => readonly SnapshotEntry[]): Promise<void> {
    this.#writing ??= this.#write(collect()).finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  /** Waits for the one under way. Both are given up when they take too long together. */
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
      publish('rollcall:user-client:snapshot:written', () => toMoved(users, startedAtMs));
    } catch (error) {
      // What was given up has been told.
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

/** So many users moved since this point of the process's clock. */
export function toMoved(users: number, startedAtMs: number): SnapshotMoved {
  return { users, durationMs: performance.now() - startedAtMs };
}

/** A warning of the process, which goes on without a snapshot. */
export function warnOfSnapshot(message: string): void {
  process.emitWarning(message, { type: 'UserClientWarning', code: 'ROLLCALL_USER_SNAPSHOT' });
}
