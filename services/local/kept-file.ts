import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { StartupError } from '@rollcall/runtime';
import { errorCode } from './error-code.ts';

/**
 * What a file holds that only its owner may read.
 * @returns undefined where there is none
 * @throws StartupError where it belongs to somebody else
 */
export function readKeptFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    if (errorCode(error) !== 'EACCES') throw error;
    throw new StartupError(`${path} belongs to another user: start as that user, or set ROLLCALL_DATA_DIR`, {
      cause: error,
    });
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
