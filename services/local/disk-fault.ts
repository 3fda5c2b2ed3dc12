import { errorCode } from './error-code.ts';

const FAULTS: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'the disk is full: make room'],
  ['EDQUOT', 'the quota of the disk is used up: make room'],
  ['EROFS', 'the disk is mounted read-only: make it writable'],
]);

/** One line with the cure for an error of the file system that a disk which takes no writes caused; undefined: another error. */
export function diskFault(error: unknown): string | undefined {
  const fault = FAULTS.get(String(errorCode(error)));
  if (!fault) return undefined;
  const { path } = error as NodeJS.ErrnoException;
  return `${path ? `${path} cannot be written` : 'A file cannot be written'}, because ${fault}, or set ROLLCALL_DATA_DIR to another disk`;
}
