import { type LogFile, linesOf } from './log-file.ts';

/**
 * What a service complained of before it ended, as a person wants to read it.
 * @param log that the service wrote to
 * @param ending whether a signal ended it
 * @returns one line; '' where it did not complain
 */
export function lastWords(log: LogFile, ending: { bySignal: boolean }): string {
  return lastWordsOf(linesOf(log), ending);
}

/**
 * @param lines JSON log lines, mixed with what Node itself wrote: uncaught errors, warnings
 * @param ending whether a signal ended it: a startup fault did not, then
 * @returns an uncaught error's own line; else the last line that is neither JSON nor a warning, a startup fault; else the last error
 *   logged; '' where nothing went wrong
 */
export function lastWordsOf(lines: readonly string[], { bySignal }: { bySignal: boolean }): string {
  const entries = withoutWarnings(lines).map(readEntry);
  const plain = entries.filter((entry) => entry.level === undefined);
  const uncaught = plain.findLast((entry) => /^(([A-Z]\w*)?Error\b|FATAL ERROR:)/.test(entry.text));
  const error = entries.findLast((entry) => entry.level === 'error' || entry.level === 'fatal');
  return (uncaught ?? (bySignal ? undefined : plain.at(-1)) ?? error)?.text ?? '';
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
