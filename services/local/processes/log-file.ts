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

/** A larger log is renamed at the next start. Bytes. */
const MAX_BYTES = 8 * 1024 * 1024;
/** Bytes that are read from the end of a log. Longer than any stack trace. Our own choice. */
const TAIL_BYTES = 64 * 1024;

/** A log file, and the offset at which this start began to write. */
export interface LogFile {
  path: string;
  /** Offset in bytes. */
  start: number;
  /** Descriptor for a child process to write to. */
  descriptor: number;
}

/**
 * Opens a log for a child process. A log that is too large is renamed to `<path>.1` first, over an older one.
 * @param path its directory is created when it is missing
 */
export function openLog(path: string): LogFile {
  mkdirSync(dirname(path), { recursive: true });
  const size = existsSync(path) ? statSync(path).size : 0;
  if (size > MAX_BYTES) renameSync(path, `${path}.1`);
  return { path, start: size > MAX_BYTES ? 0 : size, descriptor: openSync(path, 'a', 0o600) };
}

/** Closes the descriptor of this process. The child keeps its own. */
export function closeLog(log: LogFile): void {
  closeSync(log.descriptor);
}

/**
 * Returns the last lines since the log was opened, without empty ones. Empty when the file cannot be read.
 */
export function linesOf(log: LogFile): string[] {
  const text = tailOf(log);
  return text.split('\n').filter((line) => line.trim() !== '');
}

function tailOf({ path, start }: LogFile): string {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    // The file was removed meanwhile.
    return '';
  }
  try {
    const { size } = fstatSync(descriptor);
    // A shorter file was truncated, so that all of it is new.
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
 * Returns the reason why Postgres or one of its tools failed.
 * @param lines in the order of writing
 * @returns the last fatal or error line without time and process; otherwise the last line; ''
 * without lines
 */
export function lastErrorLine(lines: string[]): string {
  const line = lines.findLast((line) => /\b(FATAL|PANIC|error):/.test(line)) ?? lines.at(-1) ?? '';
  return line.replace(/^.*?\b(?:FATAL|PANIC|error):\s+/, '');
}
