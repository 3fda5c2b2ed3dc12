import { type LogFile, linesOf } from './log-file.ts';

/** What the log of a run that has ended says last. */
export interface LastWords {
  /** The complaint that the run ended with, a line for each fault; '' where its last line is none. */
  readonly reason: string;
  /** The last line of the run, whatever it says; '' where it wrote none. */
  readonly lastLine: string;
}

/**
 * What a service said before it ended, as a person wants to read it.
 * @param log that the service wrote to: of it, only what this run wrote
 * @param ending whether a signal ended it
 */
export function lastWords(log: LogFile, ending: { bySignal: boolean }): LastWords {
  return lastWordsOf(linesOf(log), ending);
}

/**
 * @param lines of one run: JSON log lines, mixed with what Node itself wrote: uncaught errors, warnings
 * @param ending whether a signal ended it: a startup fault did not, then
 * @returns as the reason an uncaught error's own line; else the last line where it is an error logged, or neither JSON nor a warning: a
 *   startup fault. An error before the last line is no reason: the service went on after it.
 */
export function lastWordsOf(lines: readonly string[], { bySignal }: { bySignal: boolean }): LastWords {
  const entries = withoutWarnings(lines).map(readEntry);
  const last = entries.at(-1);
  if (!last) return { reason: '', lastLine: '' };
  const uncaught = uncaughtIn(entries);
  if (uncaught) return { reason: uncaught, lastLine: last.text };
  const isReason = last.level === undefined ? !bySignal : last.level === 'error' || last.level === 'fatal';
  return { reason: isReason ? last.text : '', lastLine: last.text };
}

/** What is logged at the same time may stand behind an uncaught error. */
function uncaughtIn(entries: readonly Entry[]): string | undefined {
  const plain = entries.filter((entry) => entry.level === undefined).map(({ text }) => text);
  const outOfMemory = plain.findLast((text) => text.startsWith('FATAL ERROR:'));
  if (outOfMemory) return outOfMemory;
  // Node ends an uncaught error's trace with its own name.
  const end = plain.findLastIndex((text) => /^Node\.js v\d/.test(text));
  return plain.slice(0, Math.max(0, end)).findLast((text) => /^([A-Z]\w*)?Error\b/.test(text));
}

/** Node's warnings begin with its name and pid, and some go on for a line or two. */
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
  /** Undefined: no line of ours. */
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

/** Of an error as it is logged: an object with a message, or the message alone. */
function messageOf(error: unknown): string | undefined {
  if (typeof error === 'string') return error;
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : undefined;
}
