import { readFile, stat } from 'node:fs/promises';
import { poll } from '../background/poll.ts';
import { StartupError } from '../startup-error.ts';

/** A file, and the variable that names it, for messages. */
export interface NamedFile {
  readonly variable: string;
  readonly path: string;
}

/** What a set of files says, read anew whenever one of them changes. Disposing ends the watching. */
export interface Watched<T> extends Disposable {
  readonly current: T;
  /** Calls back with each later value. */
  onChange(listener: (value: T) => void): void;
}

/** How to read files, and how often to look. */
export interface WatchOptions<T> {
  readonly files: readonly NamedFile[];
  /** Makes the value of the files' contents, in their order. Throws an Error that says what is wrong with them. */
  readonly load: (contents: readonly Buffer[]) => T;
  /** Told why a change was not taken: what was read before stays in force. */
  readonly onError: (error: unknown) => void;
  /** Time in ms between two looks. Default 1000. */
  readonly pollMs?: number;
}

const POLL_MS = 1000;

/**
 * Reads files and keeps to what they say. They are looked at by time and size, not by the system's events, which mounted
 * secrets (a link to a folder that is replaced) do not give.
 * @throws StartupError naming the variables, where they cannot be read or make no sense.
 */
export async function watchFiles<T>(options: WatchOptions<T>): Promise<Watched<T>> {
  const { files, load, onError, pollMs = POLL_MS } = options;
  const listeners = new Set<(value: T) => void>();
  let seen = '';
  let current: T;
  const look = async () => {
    // Taken before the contents: what changes in between is looked at again.
    const signature = await signatureOf(files);
    if (signature === seen) return;
    const contents = await Promise.all(files.map(({ path }) => readFile(path)));
    // What makes no sense is not read again before it changes; what could not be read is.
    seen = signature;
    current = load(contents);
    for (const listener of listeners) listener(current);
  };
  await look().catch((error: unknown) => fail(files, error));
  const stop = poll(look, { onError, pollMs });
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
