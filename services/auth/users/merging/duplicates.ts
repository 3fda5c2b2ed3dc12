import type { User, UserReference } from '../user.ts';
import { nameLikeness, sortedName } from './name-likeness.ts';

/** Why two users look like one; the names stand in `rollcall.user.v1.DuplicateReason`. */
export type DuplicateReason = 'SAME_EMAIL' | 'SAME_PHONE' | 'SIMILAR_NAME_SAME_BIRTH_DATE';

/** What users are grouped by. */
export type DuplicateKey = 'email' | 'phone' | 'birthDate';

/** A user as far as likeness goes. Keys are blind indexes; null: none. */
export interface DuplicateSuspect
  extends Pick<UserReference, 'id' | 'firstName' | 'lastName' | 'createTime'> {
  readonly email: string | null;
  readonly phone: string | null;
  readonly birthDate: string | null;
}

/** Users that share a key. */
export interface SuspectGroup {
  readonly key: string;
  readonly suspects: readonly DuplicateSuspect[];
}

/** A stretch of all keys in order. */
export interface SuspectBatch {
  /** Groups of two and more in order of their keys, but for such as are too large to tell anything. */
  readonly groups: readonly SuspectGroup[];
  /** The key behind which the next stretch begins; undefined: this was the last. */
  readonly next: string | undefined;
}

/** How suspects are read. */
export interface DuplicateReads {
  /** The groups behind a key, in bounded time; empty: from the first on. */
  readBatch(query: { tenantId: string; by: DuplicateKey; after: string }): Promise<SuspectBatch>;
}

/** Two users that may be one person. */
export interface DuplicatePair {
  /** The older user's id, and the newer one's. */
  readonly firstId: string;
  readonly secondId: string;
  readonly score: number;
  /** Most telling first. */
  readonly reasons: readonly DuplicateReason[];
}

/** The same with the users themselves. */
export interface DuplicateCandidate extends DuplicatePair {
  readonly first: User;
  readonly second: User;
}

/** What tells that two users are one person. A birth date counts only together with a name, whose given name is the same or near. */
type Evidence = 'SAME_EMAIL' | 'SAME_NAME' | 'NEAR_NAME' | 'SAME_PHONE';

interface EvidenceRule {
  readonly reason: DuplicateReason;
  readonly key: DuplicateKey;
  /** How likely it is right by itself. Our own judgement: an address is one person's, a name with a birth date nearly, a number often a family's. */
  readonly weight: number;
}

const RULES: Readonly<Record<Evidence, EvidenceRule>> = {
  SAME_EMAIL: { reason: 'SAME_EMAIL', key: 'email', weight: 0.9 },
  SAME_NAME: { reason: 'SIMILAR_NAME_SAME_BIRTH_DATE', key: 'birthDate', weight: 0.8 },
  // Twins may be called Anna and Anne.
  NEAR_NAME: { reason: 'SIMILAR_NAME_SAME_BIRTH_DATE', key: 'birthDate', weight: 0.5 },
  SAME_PHONE: { reason: 'SAME_PHONE', key: 'phone', weight: 0.6 },
};

const EVIDENCE = Object.keys(RULES) as Evidence[];

/** The service's own threshold: one reason alone is enough. */
export const DEFAULT_MIN_SCORE = Math.min(...Object.values(RULES).map(({ weight }) => weight));

/** A pass over all users that finds the pairs of one score: those with exactly this evidence. */
export interface DuplicatePass {
  readonly evidence: readonly Evidence[];
  readonly reasons: readonly DuplicateReason[];
  readonly score: number;
  readonly by: DuplicateKey;
}

/** All passes, most certain first. A name is not the same and near at once. */
export const PASSES: readonly DuplicatePass[] = subsets(EVIDENCE)
  .filter((evidence) => !(evidence.includes('SAME_NAME') && evidence.includes('NEAR_NAME')))
  .map((evidence) => ({
    evidence,
    reasons: evidence.map((each) => RULES[each].reason),
    score: scoreOf(evidence),
    by: rarestOf(evidence),
  }))
  .sort((one, other) => other.score - one.score);

/** The pairs of a group that a pass is for, in a stable order. */
export function pairsOf({ suspects }: SuspectGroup, pass: DuplicatePass): DuplicatePair[] {
  const pairs = neighbours(suspects, pass.by).filter(([one, other]) => {
    const evidence = evidenceOf(one, other);
    return evidence.length === pass.evidence.length && evidence.every((each) => pass.evidence.includes(each));
  });
  return pairs
    .map(([one, other]) => toPair(one, other, pass))
    .sort((one, other) => (pairKey(one) < pairKey(other) ? -1 : 1));
}

function toPair(
  one: DuplicateSuspect,
  other: DuplicateSuspect,
  { score, reasons }: DuplicatePass,
): DuplicatePair {
  const [first, second] = isOlder(one, other) ? [one, other] : [other, one];
  return { firstId: first.id, secondId: second.id, score, reasons };
}

/** A pair's place among those of its group. */
export function pairKey({ firstId, secondId }: Pick<DuplicatePair, 'firstId' | 'secondId'>): string {
  return `${firstId} ${secondId}`;
}

/** Whether one user came to be before another. */
export function isOlder(
  one: Pick<User, 'id' | 'createTime'>,
  other: Pick<User, 'id' | 'createTime'>,
): boolean {
  return (
    one.createTime.getTime() - other.createTime.getTime() < 0 ||
    (+one.createTime === +other.createTime && one.id < other.id)
  );
}

function evidenceOf(one: DuplicateSuspect, other: DuplicateSuspect): Evidence[] {
  const shared = EVIDENCE.filter((each) => {
    const { key } = RULES[each];
    return one[key] !== null && one[key] === other[key];
  });
  if (!shared.includes('SAME_NAME')) return shared;
  const likeness = nameLikeness(one, other);
  return shared.filter((each) => RULES[each].key !== 'birthDate' || each === `${likeness}_NAME`);
}

// Whoever is born on one day is compared with those whose names stand nearby in the alphabet, by first and by last name: all
// with all would be too many.
const NEARBY = 10;

function neighbours(
  suspects: readonly DuplicateSuspect[],
  by: DuplicateKey,
): [DuplicateSuspect, DuplicateSuspect][] {
  if (by !== 'birthDate') return windowed(suspects, suspects.length);
  const pairs = [
    ...windowed(
      sortedBy(suspects, ({ firstName, lastName }) => sortedName(firstName, lastName)),
      NEARBY,
    ),
    ...windowed(
      sortedBy(suspects, ({ firstName, lastName }) => sortedName(lastName, firstName)),
      NEARBY,
    ),
  ];
  return [
    ...new Map(
      pairs.map((pair) => [
        pair
          .map(({ id }) => id)
          .sort()
          .join(),
        pair,
      ]),
    ).values(),
  ];
}

function windowed<T>(all: readonly T[], width: number): [T, T][] {
  return all.flatMap((one, i) => all.slice(i + 1, i + 1 + width).map((other): [T, T] => [one, other]));
}

function sortedBy<T>(all: readonly T[], key: (each: T) => string): T[] {
  const keyed = all.map((each) => [key(each), each] as const);
  return keyed.sort(([one], [other]) => (one < other ? -1 : 1)).map(([, each]) => each);
}

/** That at least one is right, each by itself. A near name and a number tell nothing more together: brothers and sisters have both. */
function scoreOf(evidence: readonly Evidence[]): number {
  const isFamily = evidence.includes('NEAR_NAME') && evidence.includes('SAME_PHONE');
  const counted = evidence.filter((each) => !(isFamily && each === 'NEAR_NAME'));
  const wrong = counted.reduce((all, each) => all * (1 - RULES[each].weight), 1);
  return Math.round((1 - wrong) * 1000) / 1000;
}

// Fewest users share an address, most a birth date.
function rarestOf(evidence: readonly Evidence[]): DuplicateKey {
  if (evidence.includes('SAME_EMAIL')) return 'email';
  return evidence.includes('SAME_PHONE') ? 'phone' : 'birthDate';
}

function subsets<T>(all: readonly T[]): T[][] {
  const count = 2 ** all.length - 1;
  return Array.from({ length: count }, (_, set) => all.filter((__, i) => (set + 1) & (1 << i)));
}
