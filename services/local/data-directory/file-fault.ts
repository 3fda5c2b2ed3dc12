const FULL: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'the disk is full: make room'],
  ['EDQUOT', 'the quota of the disk is used up: make room'],
  ['EROFS', 'the disk is mounted read-only: make it writable'],
]);

/** Describes an error of the file system and its cure in one line. Undefined for other errors. */
export function fileFault(error: unknown): string | undefined {
  const { path, syscall, message } = error as NodeJS.ErrnoException;
  const full = FULL.get(errorCode(error));
  if (full)
    return `${path ? `${path} cannot be written` : 'A file cannot be written'}, because ${full}, or set ROLLCALL_DATA_DIR to another disk`;
  if (path === undefined || syscall === undefined) return undefined;
  return `${path} cannot be used (${message}): look what is there, or set ROLLCALL_DATA_DIR to another directory`;
}

/**
 * Returns the code of a system error.
 * @returns for example `EACCES`; `UNKNOWN` for other errors
 */
export function errorCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'UNKNOWN';
}
