/** A word of this project's past in comments, and the word that a reader searches for. */
const PRIVATE_WORDS: readonly [pattern: string, instead: string][] = [
  ['(?<!in[ -])flights?|boarding', 'in-flight read, join request'],
  ['gatherings?', 'pending answers, request coalescing'],
  ['recalls?', 'cache lookup'],
  ['ladders?', 'stale policy'],
  ['ripe|ripeness', 'fresh, stale'],
  ['doors?', 'server, listener, public API'],
  ['tell|tells|telling|tellings|told', 'enqueue, report, record, log'],
  ['news', 'changes'],
  ['crowds?', 'seed users'],
  ['judges?|judged', 'classify, check, compare'],
  ['pokes?|poked', 'wake'],
  ['misfits?', 'mixed currency'],
  ['strangers?', 'unknown, unowned'],
  ['belongings', 'related records'],
  ['troubles?', 'faults'],
  ['stand-ins?', 'fake'],
  ['come by', 'read, found'],
  ['looks? after|looked after', 'maintain'],
  ['lets? go|letting go', 'release, evict'],
  ['hears?|heard', 'receive'],
  ['vouch(es|ed)?', 'covered by the feed'],
  ['forgives?|forgiven', 'retry'],
];

/**
 * Returns the field's words for the first word of our own in a comment. Undefined: it has only indirect ones.
 */
export function fieldWords(comment: string): string | undefined {
  return PRIVATE_WORDS.find(([pattern]) => new RegExp(`\\b(${pattern})\\b`, 'i').test(comment))?.[1];
}

/** Sentences that must be decoded: a subject that is no thing. */
const INDIRECT =
  'nobody|whoever|whomever|whichever|whom|those who|he who|what is none|nothing but|is none|are none|there is none|as above|somebody|anybody|come what may';

/** Finds the words of our own in a comment. */
export const PRIVATE = new RegExp(
  `\\b(${[...PRIVATE_WORDS.map(([pattern]) => pattern), INDIRECT].join('|')})\\b`,
  'i',
);
