/**
 * The system's name of what went wrong.
 * @returns for example `EACCES`; `UNKNOWN` for anything that is not a system error
 */
export function errorCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'UNKNOWN';
}
