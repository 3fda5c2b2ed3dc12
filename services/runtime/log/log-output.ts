import { write, writeSync } from 'node:fs';

/**
 * The most characters that wait to be written, so that a full disk does not fill the memory. Our own choice.
 */
const MAX_WAITING = 1024 * 1024;
/** Pause before a failed write is retried. Milliseconds. Our own choice. */
const RETRY_MS = 250;
/** The longest wait for a slow reader at the end of the process. Milliseconds. Our own choice. */
const LAST_WRITE_MS = 500;
const LAST_WRITE_POLL_MS = 10;

/** Options of `LogOutput`. */
interface LogOutputOptions {
  /** The most characters that wait while nothing can be written. @defaultValue 1048576 */
  readonly maxWaiting?: number;
  /** Pause before a failed write is retried. Milliseconds. @defaultValue 250 */
  readonly retryMs?: number;
}

/**
 * Writes lines to a file descriptor without blocking or throwing, in bounded memory. When a disk is full, or
 * the reader of a pipe hangs or has exited, lines wait up to a bound and are then dropped and counted. Failed
 * writes are retried until they succeed.
 */
export class LogOutput {
  /**
   * Called when writing works again after lines were dropped, with their number and the last error.
   * @defaultValue does nothing
   */
  onRecovery: (dropped: number, cause: Error | undefined) => void = () => {};
  /** Called the first time that a pipe has no reader. @defaultValue does nothing */
  onBrokenPipe: () => void = () => {};
  readonly #fd: number;
  readonly #maxWaiting: number;
  readonly #retryMs: number;
  #lines: string[] = [];
  /** Number of characters in `#lines`. */
  #waiting = 0;
  /** Bytes taken from `#lines` and not yet written. */
  #chunk: Buffer = Buffer.alloc(0);
  #isWriting = false;
  #retry: NodeJS.Timeout | undefined;
  #dropped = 0;
  #unreported = 0;
  #fault: NodeJS.ErrnoException | undefined;
  #settled: (() => void)[] = [];

  constructor(fd: number, { maxWaiting = MAX_WAITING, retryMs = RETRY_MS }: LogOutputOptions = {}) {
    this.#fd = fd;
    this.#maxWaiting = maxWaiting;
    this.#retryMs = retryMs;
  }

  /** Number of lines dropped since the process began. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether a write is in progress. Node cannot exit before it ends. */
  get isWriting(): boolean {
    return this.#isWriting;
  }

  /**
   * Queues a line, or drops it when too much waits.
   * @param line ends in a line break
   */
  write(line: string): void {
    if (this.#chunk.length + this.#waiting + line.length > this.#maxWaiting) {
      this.#dropped++;
      this.#unreported++;
      return;
    }
    this.#lines.push(line);
    this.#waiting += line.length;
    if (!this.#isWriting && !this.#retry) this.#writeNext();
  }

  /** Waits until everything is written or a write fails, at most `limitMs`. */
  async settle(limitMs: number): Promise<void> {
    if (this.#isEmpty || this.#retry) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#settled.push(resolve);
    const timer = setTimeout(resolve, limitMs);
    await promise;
    clearTimeout(timer);
  }

  /**
   * Writes waiting lines synchronously at the end of the process. Gives up at the first error, and after half
   * a second when the reader is slow.
   */
  writeLast(): void {
    clearTimeout(this.#retry);
    const text = this.#lines.join('');
    // The system completes a write in progress before the process ends.
    let rest: Buffer = this.#isWriting ? Buffer.from(text) : Buffer.concat([this.#chunk, Buffer.from(text)]);
    this.#lines = [];
    this.#waiting = 0;
    this.#chunk = Buffer.alloc(0);
    const deadline = performance.now() + LAST_WRITE_MS;
    while (rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(this.#fd, rest));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() > deadline) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LAST_WRITE_POLL_MS);
      }
    }
  }

  get #isEmpty(): boolean {
    return !this.#isWriting && this.#chunk.length === 0 && this.#lines.length === 0;
  }

  #writeNext(): void {
    if (this.#chunk.length === 0) {
      this.#chunk = Buffer.from(this.#lines.join(''));
      this.#lines = [];
      this.#waiting = 0;
    }
    this.#isWriting = true;
    write(this.#fd, this.#chunk, (error, written) => this.#onWritten(error, written));
  }

  #onWritten(error: NodeJS.ErrnoException | null, written: number): void {
    this.#isWriting = false;
    if (error) {
      this.#onFault(error);
      return;
    }
    // A disk that fills may take a part of a line. The rest follows, so that no line is torn.
    this.#chunk = this.#chunk.subarray(written);
    if (this.#chunk.length === 0 && this.#unreported > 0) {
      const dropped = this.#unreported;
      this.#unreported = 0;
      this.onRecovery(dropped, this.#fault);
    }
    if (this.#isEmpty) for (const resolve of this.#settled.splice(0)) resolve();
    else if (!this.#isWriting) this.#writeNext();
  }

  #onFault(error: NodeJS.ErrnoException): void {
    const isNewFault = this.#fault?.code !== error.code;
    for (const resolve of this.#settled.splice(0)) resolve();
    this.#fault = error;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#writeNext();
    }, this.#retryMs).unref();
    if (isNewFault && error.code === 'EPIPE') this.onBrokenPipe();
  }
}

let standard: LogOutput | undefined;

/** The standard output of this process. Waiting lines are written when the process ends. */
export function standardOutput(): LogOutput {
  if (standard) return standard;
  // Reading `process.stdout` makes a pipe non-blocking. In a blocking pipe with a hanging reader, a write
  // would hold its thread and keep the process from ending.
  const { fd } = process.stdout;
  // Node writes its warnings to stderr, and would block on a pipe.
  void process.stderr;
  const output = new LogOutput(fd ?? 1);
  process.on('exit', () => output.writeLast());
  standard = output;
  return output;
}
