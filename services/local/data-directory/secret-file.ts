import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { StartupError } from '@rollcall/runtime';
import { errorCode } from './error-code.ts';

/**
 * What a file holds that only its owner may read.
 * @returns undefined where there is none
 * @throws StartupError where it belongs to somebody else, or is no file
 */
export function readKeptFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return undefined;
    const why =
      code === 'EACCES'
        ? 'belongs to another user: start as that user'
        : `cannot be read (${(error as Error).message}): put back the file that was there`;
    throw new StartupError(`${path} ${why}, or set ROLLCALL_DATA_DIR`, { cause: error });
  }
}

/** Makes such a file, and answers what it holds. */
export function makeKeptFile(path: string, text: string): string {
  const draft = `${path}.${process.pid}`;
  try {
    writeFileSync(draft, text, { mode: 0o600 });
    // Whole or not at all, also when the start is killed here.
    linkSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
  return text;
}
