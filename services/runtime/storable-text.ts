/** What is wrong with a text that `isStorable` refuses, to stand behind the field's name. */
export const UNSTORABLE = 'must not hold the character U+0000 or half a surrogate pair';

/** Whether Postgres can keep a text: it has no place for NUL, nor for half a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}
