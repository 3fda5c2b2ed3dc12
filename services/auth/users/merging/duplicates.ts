import type { User, UserReference } from '../user.ts';
import { nameLikeness, sortedName } from './name-likeness.ts';

/** Reasons for a pair. Their names are those of `rollcall.user.v1.DuplicateReason`. */
export type DuplicateReason = 'SAME_EMAIL' | 'SAME_PHONE' | 'SIMILAR_NAME_SAME_BIRTH_DATE';

/** The keys by which users are grouped. */
export type DuplicateKey = 'email' | 'phone' | 'birthDate';

/** The compared data of a user. The keys are blind indexes; null without a value. */
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

/** A batch of groups, in order of their keys. */
interface SuspectBatch {
  /** Groups of two and more users, except groups that are too large to be meaningful. */
  readonly groups: readonly SuspectGroup[];
  /** The key after which the next batch begins; undefined after the last. */
  readonly next: string | undefined;
}

/** Reads suspects. */
export interface DuplicateReads {
  /** Reads the groups after a key, in bounded time. An empty key begins at the first. */
  readBatch(query: { tenantId: string; by: DuplicateKey; after: string }): Promise<SuspectBatch>;
}

/** Two users that may be one person. */
export interface DuplicatePair {
  /** The ids of the older and the newer user. */
  readonly firstId: string;
  readonly secondId: string;
  readonly score: number;
  /** Strongest first. */
  readonly reasons: readonly DuplicateReason[];
}

/** A pair with its users. */
export interface DuplicateCandidate extends DuplicatePair {
  readonly first: User;
  readonly second: User;
}

/** Evidence that two users are one person. A birth date counts only together with an equal or near name. */
type Evidence = 'SAME_EMAIL' | 'SAME_NAME' | 'NEAR_NAME' | 'SAME_PHONE';

interface EvidenceRule {
  readonly reason: DuplicateReason;
  readonly key: DuplicateKey;
  /**
   * The probability that this evidence alone is right. Estimated: an address belongs to one person, a name
   * with a birth date almost always, a number often to a family.
   */
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

/** The default threshold, at which one reason is enough. */
export const DEFAULT_MIN_SCORE = Math.min(...Object.values(RULES).map(({ weight }) => weight));

/** A pass over all users that finds the pairs with exactly this evidence, which all have one score. */
export interface DuplicatePass {
  readonly evidence: readonly Evidence[];
  readonly reasons: readonly DuplicateReason[];
  readonly score: number;
  readonly by: DuplicateKey;
}

/** All passes, highest score first. A name is never both the same and near. */
export const PASSES: readonly DuplicatePass[] = subsets(EVIDENCE)
  .filter((evidence) => !(evidence.includes('SAME_NAME') && evidence.includes('NEAR_NAME')))
  .map((evidence) => ({
    evidence,
    reasons: evidence.map((each) => RULES[each].reason),
    score: scoreOf(evidence),
    by: rarestOf(evidence),
  }))
  .sort((one, other) => other.score - one.score);

/** The pairs of a group that belong to a pass, in a stable order. */
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

/** Sort key of a pair within its group. */
export function pairKey({ firstId, secondId }: Pick<DuplicatePair, 'firstId' | 'secondId'>): string {
  return `${firstId} ${secondId}`;
}

/** Whether one user was created before another. */
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

// Users with one birth date are compared with this many neighbours in the alphabet, by first and by last
// name, because comparing all pairs would cost too much.
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

/**
 * The probability that at least one piece of evidence is right. A near name and a number together add
 * nothing, because siblings have both.
 */
function scoreOf(evidence: readonly Evidence[]): number {
  const isFamily = evidence.includes('NEAR_NAME') && evidence.includes('SAME_PHONE');
  const counted = evidence.filter((each) => !(isFamily && each === 'NEAR_NAME'));
  const wrong = counted.reduce((all, each) => all * (1 - RULES[each].weight), 1);
  return Math.round((1 - wrong) * 1000) / 1000;
}

// Few users share an address, more a number, most a birth date.
function rarestOf(evidence: readonly Evidence[]): DuplicateKey {
  if (evidence.includes('SAME_EMAIL')) return 'email';
  return evidence.includes('SAME_PHONE') ? 'phone' : 'birthDate';
}

function subsets<T>(all: readonly T[]): T[][] {
  const count = 2 ** all.length - 1;
  return Array.from({ length: count }, (_, set) => all.filter((__, i) => (set + 1) & (1 << i)));
}
