import type { UserReads } from '../reading/user-reads.ts';
import {
  type DuplicateCandidate,
  type DuplicatePair,
  type DuplicatePass,
  type DuplicateReads,
  PASSES,
  pairKey,
  pairsOf,
} from './duplicates.ts';

/** A place among all pairs. */
export interface DuplicatePosition {
  /** Which pass. */
  readonly pass: number;
  /** The key behind which to go on. */
  readonly after: string;
  /** Within the group of a key: the pair behind which to go on. */
  readonly within?: { readonly key: string; readonly pair: string };
}

/** Which pairs. */
export interface DuplicateList {
  readonly tenantId: string;
  readonly minScore: number;
  readonly limit: number;
  readonly position?: DuplicatePosition | undefined;
}

/** Pairs, and where to go on; `next` undefined: these were the last. */
export interface DuplicatePage {
  readonly candidates: readonly DuplicateCandidate[];
  /** The place behind each of the candidates. */
  readonly positions: readonly DuplicatePosition[];
  readonly next: DuplicatePosition | undefined;
}

// What one page may cost, whether it finds anything or not; the last stretch of a pass is not counted, and there are few passes.
const MAX_FULL_BATCHES = 4;

/** What pairs are found with. */
export interface DuplicateSources {
  readonly reads: UserReads;
  readonly duplicates: DuplicateReads;
}

/**
 * Pairs that may be one person, most certain first. A page may hold fewer than asked for, or none, and yet not be the last: so
 * many users are looked through for it, however many there are.
 */
export async function listDuplicates(sources: DuplicateSources, list: DuplicateList): Promise<DuplicatePage> {
  const found: { pair: DuplicatePair; behind: DuplicatePosition }[] = [];
  let at: DuplicatePosition | undefined = list.position ?? { pass: 0, after: '' };
  for (let full = 0; at && full < MAX_FULL_BATCHES && found.length < list.limit; ) {
    const pass: DuplicatePass | undefined = PASSES[at.pass];
    if (!pass || pass.score < list.minScore) {
      at = undefined;
      break;
    }
    const from: DuplicatePosition = at;
    const { groups, next } = await sources.duplicates.readBatch({
      tenantId: list.tenantId,
      by: pass.by,
      after: from.after,
    });
    found.push(
      ...groups.flatMap((group, i) => {
        const before = groups[i - 1]?.key ?? from.after;
        return pairsIn(group.key, { before, from, pairs: pairsOf(group, pass) });
      }),
    );
    if (next !== undefined) full += 1;
    at = next === undefined ? { pass: from.pass + 1, after: '' } : { pass: from.pass, after: next };
  }
  const page = found.slice(0, list.limit);
  const last = page.at(-1);
  const next = page.length < found.length ? last?.behind : at;
  return { ...(await withUsers(sources.reads, list.tenantId, page)), next: endOf(next, list.minScore) };
}

// The last pass has nothing behind it.
function endOf(next: DuplicatePosition | undefined, minScore: number): DuplicatePosition | undefined {
  const pass = next && PASSES[next.pass];
  return pass && pass.score >= minScore ? next : undefined;
}

function pairsIn(
  key: string,
  { before, from, pairs }: { before: string; from: DuplicatePosition; pairs: DuplicatePair[] },
) {
  const skipTo = from.within?.key === key ? from.within.pair : '';
  return pairs
    .filter((pair) => pairKey(pair) > skipTo)
    .map((pair, n, all) => ({
      pair,
      behind:
        n === all.length - 1
          ? { pass: from.pass, after: key }
          : { pass: from.pass, after: before, within: { key, pair: pairKey(pair) } },
    }));
}

// Whoever changed since may not be there any more, or another.
async function withUsers(
  reads: UserReads,
  tenantId: string,
  page: readonly { pair: DuplicatePair; behind: DuplicatePosition }[],
): Promise<Pick<DuplicatePage, 'candidates' | 'positions'>> {
  const ids = [...new Set(page.flatMap(({ pair }) => [pair.firstId, pair.secondId]))];
  const users = ids.length > 0 ? await reads.findMany(tenantId, ids, 'BASIC') : [];
  const byId = new Map(users.map((user, i) => [ids[i], user]));
  const there = page.flatMap(({ pair, behind }) => {
    const [first, second] = [byId.get(pair.firstId), byId.get(pair.secondId)];
    if (first?.id !== pair.firstId || second?.id !== pair.secondId) return [];
    return [{ candidate: { ...pair, first, second }, behind }];
  });
  return {
    candidates: there.map(({ candidate }) => candidate),
    positions: there.map(({ behind }) => behind),
  };
}
