import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** A log that grew beyond this is set aside at the next start. */
const MAX_BYTES = 8 * 1024 * 1024;

/** A log file, and where the part that this start wrote begins. */
export interface LogFile {
  path: string;
  /** Offset in bytes. */
  start: number;
  /** For a child process to write to. */
  descriptor: number;
}

/**
 * Opens a log for a child process to append to. An earlier one that is too large becomes `<path>.1`, in place of the one before it.
 * @param path its directory is made where it is missing
 */
export function openLog(path: string): LogFile {
  mkdirSync(dirname(path), { recursive: true });
  const size = existsSync(path) ? statSync(path).size : 0;
  if (size > MAX_BYTES) renameSync(path, `${path}.1`);
  return { path, start: size > MAX_BYTES ? 0 : size, descriptor: openSync(path, 'a', 0o600) };
}

/** Closes this process's hold; the child keeps its own. */
export function closeLog(log: LogFile): void {
  closeSync(log.descriptor);
}

/** What was written since the log was opened, line by line, without empty ones. */
export function linesOf(log: LogFile): string[] {
  const text = readFileSync(log.path).subarray(log.start).toString('utf8');
  return text.split('\n').filter((line) => line.trim() !== '');
}

/**
 * The reason that Postgres, or a tool of it, gave for not going on.
 * @param lines in the order written
 * @returns its last fatal or error line without time and process; the last line of all where there is none; '' for no lines
 */
export function lastComplaint(lines: string[]): string {
  const complaint = lines.findLast((line) => /\b(FATAL|PANIC|error):/.test(line)) ?? lines.at(-1) ?? '';
  return complaint.replace(/^.*?\b(?:FATAL|PANIC|error):\s+/, '');
}
