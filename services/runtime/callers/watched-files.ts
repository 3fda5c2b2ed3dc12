import { readFile, stat } from 'node:fs/promises';
import { poll } from '../background/loops.ts';
import { StartupError } from '../startup-error.ts';

/** A file, and the variable that names it, for messages. */
export interface NamedFile {
  readonly variable: string;
  readonly path: string;
}

/** A value that is read from files, and again when one of them changes. Disposing stops the watch. */
export interface Watched<T> extends Disposable {
  readonly current: T;
  /** Registers a listener for later values. */
  onChange(listener: (value: T) => void): void;
}

/** Options of `watchFiles`. */
interface WatchOptions<T> {
  readonly files: readonly NamedFile[];
  /**
   * Converts the contents of the files, in their order.
   * @throws Error that describes what is wrong
   */
  readonly load: (contents: readonly Buffer[]) => T;
  /** Called when a change is rejected. The value before it stays in force. */
  readonly onError: (error: unknown) => void;
  /** Pause between two checks. Milliseconds. @defaultValue 1000 */
  readonly pollMs?: number;
}

const POLL_MS = 1000;

/**
 * Reads files, and again when they change. Checks size and time of change instead of file system events,
 * which mounted secrets (links to a replaced folder) do not emit.
 * @throws StartupError naming the variables, when a file cannot be read or is invalid
 */
export async function watchFiles<T>(options: WatchOptions<T>): Promise<Watched<T>> {
  const { files, load, onError, pollMs = POLL_MS } = options;
  const listeners = new Set<(value: T) => void>();
  let seen = '';
  let current: T;
  const check = async () => {
    // Read before the contents: a change in between is found by the next check.
    const signature = await signatureOf(files);
    if (signature === seen) return;
    const contents = await Promise.all(files.map(({ path }) => readFile(path)));
    // Invalid contents are not read again before they change; a file that could not be read is.
    seen = signature;
    current = load(contents);
    for (const listener of listeners) listener(current);
  };
  await check().catch((error: unknown) => fail(files, error));
  const stop = poll(check, { onError, pollMs });
  return {
    get current() {
      return current;
    },
    onChange: (listener) => void listeners.add(listener),
    [Symbol.dispose]: stop,
  };
}

async function signatureOf(files: readonly NamedFile[]): Promise<string> {
  const stats = await Promise.all(files.map(({ path }) => stat(path)));
  return stats.map(({ mtimeMs, size, ino }) => `${mtimeMs}/${size}/${ino}`).join(' ');
}

function fail(files: readonly NamedFile[], error: unknown): never {
  const names = files.map(({ variable, path }) => `${variable} (${path})`).join(' and ');
  throw new StartupError(`${names} cannot be used: ${(error as Error).message}`, { cause: error });
}
