const LONGEST = 80;

/** Formats a value for an error message: any type, at most 80 characters. Not for secrets. */
export function showValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.length > LONGEST ? `'${value.slice(0, LONGEST)}…'` : `'${value}'`;
    case 'bigint':
      return shorten(`${value}n`);
    case 'function':
      return 'a function';
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? 'an array' : 'an object';
    default:
      return shorten(String(value));
  }
}

/** Formats a value that may be a secret: of a text it shows only the type. */
export function showKind(value: unknown): string {
  return typeof value === 'string' ? 'a text' : showValue(value);
}

function shorten(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
