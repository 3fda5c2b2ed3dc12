import { write, writeSync } from 'node:fs';

/** What waits to be written is bounded: a disk that stays full must not fill the memory too. Characters. Our own choice. */
const MAX_WAITING = 1024 * 1024;
/** How often a write that failed is tried again. Milliseconds. Our own choice. */
const RETRY_MS = 250;
/** How long the end of the process may wait for a reader that is slow. Milliseconds. Our own choice. */
const LAST_WRITE_MS = 500;
const LAST_WRITE_POLL_MS = 10;

/** Options of a `LogOutput`. */
export interface LogOutputOptions {
  /** Most characters that wait while nothing can be written. Default 1048576. */
  readonly maxWaiting?: number;
  /** Milliseconds between two attempts to write. Default 250. */
  readonly retryMs?: number;
}

/**
 * Writes lines to a file descriptor without ever blocking, throwing, or growing: on a full disk, and on a pipe whose reader hangs or is gone,
 * lines wait up to a bound and are then dropped and counted. Writing is tried again until it works.
 */
export class LogOutput {
  /** Called once writing works again after lines were dropped: how many, and what the last fault was. Default: nothing. */
  onRecovery: (dropped: number, cause: Error | undefined) => void = () => {};
  /** Called the first time that the reader of a pipe is gone. Default: nothing. */
  onBrokenPipe: () => void = () => {};
  readonly #fd: number;
  readonly #maxWaiting: number;
  readonly #retryMs: number;
  #lines: string[] = [];
  /** Characters of `#lines`. */
  #waiting = 0;
  /** Taken from `#lines` and not yet written; empty: nothing. */
  #chunk: Buffer = Buffer.alloc(0);
  #isWriting = false;
  #retry: NodeJS.Timeout | undefined;
  #dropped = 0;
  #untold = 0;
  #fault: NodeJS.ErrnoException | undefined;
  #settled: (() => void)[] = [];

  constructor(fd: number, { maxWaiting = MAX_WAITING, retryMs = RETRY_MS }: LogOutputOptions = {}) {
    this.#fd = fd;
    this.#maxWaiting = maxWaiting;
    this.#retryMs = retryMs;
  }

  /** Lines dropped since the process began. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether the system has a write of this process that it has not finished: such a process cannot exit by itself. */
  get isWriting(): boolean {
    return this.#isWriting;
  }

  /** @param line ends in a line break */
  write(line: string): void {
    if (this.#chunk.length + this.#waiting + line.length > this.#maxWaiting) {
      this.#dropped++;
      this.#untold++;
      return;
    }
    this.#lines.push(line);
    this.#waiting += line.length;
    if (!this.#isWriting && !this.#retry) this.#writeNext();
  }

  /** Waits until everything is written or a write fails, and no longer than `limitMs`. */
  async settle(limitMs: number): Promise<void> {
    if (this.#isEmpty || this.#retry) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#settled.push(resolve);
    const timer = setTimeout(resolve, limitMs);
    await promise;
    clearTimeout(timer);
  }

  /** Writes what waits, for a process that is about to end: gives up at the first fault, and after half a second where a reader is slow. */
  writeLast(): void {
    clearTimeout(this.#retry);
    const text = this.#lines.join('');
    // A chunk in the system's hands is written by it before the process ends.
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
    // A disk that fills takes a part of a line; the rest follows, so that no line is torn.
    this.#chunk = this.#chunk.subarray(written);
    if (this.#chunk.length === 0 && this.#untold > 0) {
      const dropped = this.#untold;
      this.#untold = 0;
      this.onRecovery(dropped, this.#fault);
    }
    if (this.#isEmpty) for (const resolve of this.#settled.splice(0)) resolve();
    else if (!this.#isWriting) this.#writeNext();
  }

  #onFault(error: NodeJS.ErrnoException): void {
    const isNews = this.#fault?.code !== error.code;
    for (const resolve of this.#settled.splice(0)) resolve();
    this.#fault = error;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#writeNext();
    }, this.#retryMs).unref();
    if (isNews && error.code === 'EPIPE') this.onBrokenPipe();
  }
}

let standard: LogOutput | undefined;

/** The standard output of this process. What waits is written when the process ends. */
export function standardOutput(): LogOutput {
  if (standard) return standard;
  // Touching it makes a pipe non-blocking. In a blocking one, whose reader hangs, a write would hold its thread, and the process could not end.
  const { fd } = process.stdout;
  // Node writes its warnings there, and waits for a pipe that blocks.
  void process.stderr;
  const output = new LogOutput(fd ?? 1);
  process.on('exit', () => output.writeLast());
  standard = output;
  return output;
}
