import { type LogFile, linesOf } from './log-file.ts';

/** Last lines of the log of a run that ended. */
export interface LastLogLine {
  /** Error that the run ended with, one line for each fault. '' when the last line is no error. */
  readonly reason: string;
  /** Last line of the run. '' when it wrote none. */
  readonly lastLine: string;
}

/**
 * Reads the last log lines of a service that ended.
 * @param log of the service; only lines of this run are read
 * @param ending whether a signal ended it
 */
export function readLastLogLine(log: LogFile, ending: { bySignal: boolean }): LastLogLine {
  return lastLogLineOf(linesOf(log), ending);
}

/**
 * Finds the reason in the log lines of one run: the line of an uncaught error; else the last line, when it is
 * a logged error or a startup fault (neither JSON nor a warning). The service went on after an earlier error,
 * which is no reason.
 * @param lines JSON log lines, mixed with uncaught errors and warnings of Node
 * @param ending whether a signal ended the run; a startup fault is ruled out then
 */
export function lastLogLineOf(lines: readonly string[], { bySignal }: { bySignal: boolean }): LastLogLine {
  const entries = withoutWarnings(lines).map(readEntry);
  const last = entries.at(-1);
  if (!last) return { reason: '', lastLine: '' };
  const uncaught = uncaughtIn(entries);
  if (uncaught) return { reason: uncaught, lastLine: last.text };
  const isReason = last.level === undefined ? !bySignal : last.level === 'error' || last.level === 'fatal';
  return { reason: isReason ? last.text : '', lastLine: last.text };
}

/** An uncaught error need not be last: other lines may be logged at the same time. */
function uncaughtIn(entries: readonly Entry[]): string | undefined {
  const plain = entries.filter((entry) => entry.level === undefined).map(({ text }) => text);
  const outOfMemory = plain.findLast((text) => text.startsWith('FATAL ERROR:'));
  if (outOfMemory) return outOfMemory;
  // Node ends the trace of an uncaught error with its version.
  const end = plain.findLastIndex((text) => /^Node\.js v\d/.test(text));
  return plain.slice(0, Math.max(0, end)).findLast((text) => /^([A-Z]\w*)?Error\b/.test(text));
}

/** Node's warnings begin with its name and pid, and may have further lines. */
function withoutWarnings(lines: readonly string[]): string[] {
  let inWarning = false;
  return lines.filter((line) => {
    if (/^\(node:\d+\) /.test(line)) inWarning = true;
    else if (/^\{|^([A-Z]\w*)?Error\b|^FATAL ERROR:/.test(line)) inWarning = false;
    const isLast = /^\(Use `node --trace/.test(line);
    const isWarning = inWarning || isLast;
    if (isLast) inWarning = false;
    return !isWarning;
  });
}

interface Entry {
  /** Undefined when the line is no log line of a service. */
  level: string | undefined;
  text: string;
}

function readEntry(line: string): Entry {
  try {
    const { level, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
    const fault = [rest.error, rest.cause, rest.err].map(messageOf).find((text) => text !== undefined);
    const text = [msg, fault].filter(Boolean).join(': ');
    return { level: typeof level === 'string' ? level : 'info', text };
  } catch {
    return { level: undefined, text: line.trim() };
  }
}

/** A logged error is an object with a message, or the message alone. */
function messageOf(error: unknown): string | undefined {
  if (typeof error === 'string') return error;
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : undefined;
}
