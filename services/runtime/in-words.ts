/** Words as a sentence lists them: `auth, booking and vendor`; '' for none. */
export function inWords(words: readonly string[], conjunction: 'and' | 'or' = 'and'): string {
  return [words.slice(0, -1).join(', '), ...words.slice(-1)].filter(Boolean).join(` ${conjunction} `);
}
