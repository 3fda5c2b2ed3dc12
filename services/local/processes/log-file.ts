import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** A log that grew beyond this is set aside at the next start. */
const MAX_BYTES = 8 * 1024 * 1024;
/** How much of the end of a log is read. Longer than any trace. Our own choice. */
const TAIL_BYTES = 64 * 1024;

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

/** The last lines that were written since the log was opened, without empty ones; none where the file cannot be read any more. */
export function linesOf(log: LogFile): string[] {
  const text = tailOf(log);
  return text.split('\n').filter((line) => line.trim() !== '');
}

function tailOf({ path, start }: LogFile): string {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    // Somebody removed it meanwhile.
    return '';
  }
  try {
    const { size } = fstatSync(descriptor);
    // Shorter than it was: somebody emptied it, and all of it is new.
    const begin = size < start ? 0 : start;
    const from = Math.max(begin, size - TAIL_BYTES);
    const bytes = Buffer.alloc(size - from);
    const read = readSync(descriptor, bytes, 0, bytes.length, from);
    const text = bytes.toString('utf8', 0, read);
    return from > begin ? text.slice(text.indexOf('\n') + 1) : text;
  } catch {
    return '';
  } finally {
    closeSync(descriptor);
  }
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
