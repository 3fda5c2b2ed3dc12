/** One change of one source file. Offsets are UTF-16 code units, as JavaScript strings count. */
export interface Mutant {
  /** The kind of change, such as `sql: condition removed`. */
  readonly operator: string;
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** The source with the change made. */
export function applyMutant(source: string, { start, end, replacement }: Mutant): string {
  return source.slice(0, start) + replacement + source.slice(end);
}

/** The change in one line, for the report: the line's number, the text before and after. */
export function describeMutant(source: string, mutant: Mutant): string {
  const line = source.slice(0, mutant.start).split('\n').length;
  const before = inOneLine(source.slice(mutant.start, mutant.end));
  return `${line}: ${mutant.operator}: ${before} → ${inOneLine(mutant.replacement) || '(nothing)'}`;
}

function inOneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 90 ? `${line.slice(0, 89)}…` : line;
}
