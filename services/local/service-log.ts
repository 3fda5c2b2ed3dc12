import { type LogFile, linesOf } from './log-file.ts';

/**
 * What a service complained of before it ended, as a person wants to read it.
 * @param log that the service wrote to
 * @returns one line; '' where it did not complain
 */
export function lastWords(log: LogFile): string {
  return lastWordsOf(linesOf(log));
}

/**
 * @param lines JSON log lines, mixed with what Node itself wrote of an uncaught error
 * @returns an uncaught error's own line; else the last line that is no JSON, a startup fault; else the last error logged; '' where nothing went wrong
 */
export function lastWordsOf(lines: readonly string[]): string {
  const entries = lines.map(readEntry);
  const plain = entries.filter((entry) => entry.level === undefined);
  const uncaught = plain.findLast((entry) => /^([A-Z]\w*)?Error\b/.test(entry.text));
  const error = entries.findLast((entry) => entry.level === 'error' || entry.level === 'fatal');
  return (uncaught ?? plain.at(-1) ?? error)?.text ?? '';
}

interface Entry {
  /** Undefined: no line of ours. */
  level: string | undefined;
  text: string;
}

function readEntry(line: string): Entry {
  try {
    const { level, msg, err } = JSON.parse(line) as {
      level?: string;
      msg?: string;
      err?: { message?: string };
    };
    return { level: level ?? 'info', text: [msg, err?.message].filter(Boolean).join(': ') };
  } catch {
    return { level: undefined, text: line.trim() };
  }
}
