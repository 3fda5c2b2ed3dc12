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

/** A position in the list of all pairs. */
export interface DuplicatePosition {
  /** Index of the pass. */
  readonly pass: number;
  /** Continue after this key. */
  readonly after: string;
  /** Continue after this pair within the group of this key. */
  readonly within?: { readonly key: string; readonly pair: string };
}

/** The requested pairs. */
interface DuplicateList {
  readonly tenantId: string;
  readonly minScore: number;
  readonly limit: number;
  readonly position?: DuplicatePosition | undefined;
}

/** A page of pairs; `next` is undefined on the last page. */
interface DuplicatePage {
  readonly candidates: readonly DuplicateCandidate[];
  /** The position after each candidate. */
  readonly positions: readonly DuplicatePosition[];
  readonly next: DuplicatePosition | undefined;
}

// Bounds the cost of one page, whether it finds pairs or not. The last batch of a pass is not counted,
// because there are few passes.
const MAX_FULL_BATCHES = 4;

/** Sources of pairs. */
export interface DuplicateSources {
  readonly reads: UserReads;
  readonly duplicates: DuplicateReads;
}

/**
 * Lists pairs that may be one person, highest score first.
 * A page reads a bounded number of users, so it may be short or empty without being the last.
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
  return { ...(await readCandidates(sources.reads, list.tenantId, page)), next: endOf(next, list.minScore) };
}

// The last pass has no successor.
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

// A user that changed meanwhile may be missing or merged.
async function readCandidates(
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
