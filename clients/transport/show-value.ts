const LONGEST = 80;

/** A value of a caller as the message of an error shows it: short, and whatever it is. Not for secrets. */
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

/** As `showValue`, for what may be a secret: of a text it says that it is one. */
export function showKind(value: unknown): string {
  return typeof value === 'string' ? 'a text' : showValue(value);
}

function shorten(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
