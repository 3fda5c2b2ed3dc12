import { graphemesOf, isSearchable, isSpaceless, wordsOf } from '@rollcall/contract/text';
import type { User } from '@rollcall/contract/user';

/** How well a user's names match all words of a query, and which of them do. Undefined: one word matches none. */
export function matchNames(
  user: User,
  terms: readonly string[],
): { score: number; matchedFields: string[] } | undefined {
  const fields = Object.entries({
    first_name: user.firstName,
    last_name: user.lastName,
    display_name: user.displayName,
    business_name: user.businessName,
  }).map(([name, text]) => ({ name, words: wordsOf(text) }));
  const words = [...new Set(fields.flatMap((field) => field.words))];
  const parts = terms.flatMap((term) => splitJoined(term, words) ?? [term]);
  let sum = 0;
  const matched = new Set<string>();
  for (const term of parts) {
    const scored = words.map((word) => ({ word, score: scoreOf(term, word) }));
    const best = scored.reduce((a, b) => (b.score > a.score ? b : a), { word: '', score: 0 });
    if (best.score === 0) return undefined;
    sum += best.score;
    for (const { name, words } of fields) if (words.includes(best.word)) matched.add(name);
  }
  return { score: sum / parts.length, matchedFields: [...matched] };
}

// Names that are written without a space between them, the last of them perhaps not to its end.
function splitJoined(term: string, words: readonly string[]): string[] | undefined {
  if (!isSpaceless(term)) return undefined;
  const letters = graphemesOf(term);
  for (let at = letters.length - 1; at > 0; at--) {
    const [head, rest] = [letters.slice(0, at).join(''), letters.slice(at).join('')];
    if (!words.includes(head)) continue;
    const others = words.some((word) => word.startsWith(rest)) ? [rest] : splitJoined(rest, words);
    if (others) return [head, ...others];
  }
  return undefined;
}

function scoreOf(term: string, word: string): number {
  if (word === term) return 1;
  if (word.startsWith(term)) return 0.7 + (0.25 * term.length) / word.length;
  const isPart = [...term].length > 1 || isSearchable(term);
  if (isPart && word.includes(term)) return 0.4 + (0.25 * term.length) / word.length;
  return term.length >= 4 && differsByOneLetter(term, word) ? 0.3 : 0;
}

// A letter more, less, other, or two that changed places: what is left between the same beginning and end tells.
function differsByOneLetter(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const [restA, restB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  return (
    Math.max(restA.length, restB.length) <= 1 ||
    (restA.length === 2 && restA === [...restB].reverse().join(''))
  );
}
