const FULL: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'the disk is full: make room'],
  ['EDQUOT', 'the quota of the disk is used up: make room'],
  ['EROFS', 'the disk is mounted read-only: make it writable'],
]);

/** One line with the cure for an error of the file system; undefined: another error. */
export function fileFault(error: unknown): string | undefined {
  const { path, syscall, message } = error as NodeJS.ErrnoException;
  const full = FULL.get(errorCode(error));
  if (full)
    return `${path ? `${path} cannot be written` : 'A file cannot be written'}, because ${full}, or set ROLLCALL_DATA_DIR to another disk`;
  if (path === undefined || syscall === undefined) return undefined;
  return `${path} cannot be used (${message}): look what is there, or set ROLLCALL_DATA_DIR to another directory`;
}

/**
 * The system's name of what went wrong.
 * @returns for example `EACCES`; `UNKNOWN` for anything that is not a system error
 */
export function errorCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'UNKNOWN';
}
