import type { User } from '../user.ts';
import { UserError } from '../user-error.ts';
import type { WriteRequest } from '../user-writes.ts';
import { type DuplicateCandidate, isOlder } from './duplicates.ts';
import { type DuplicatePosition, type DuplicateSources, listDuplicates } from './list-duplicates.ts';
import { mergeUsers } from './merge-users.ts';
import type { UserMerges } from './user-merges.ts';

/** Options of an automatic run. */
interface AutoMergeCommand {
  readonly tenantId: string;
  readonly minScore: number;
  /** Report only. */
  readonly isDryRun: boolean;
  readonly maxMerges: number;
  /** Without it a repetition is another run. */
  readonly request?: WriteRequest | undefined;
  readonly runId: string;
  /** Creates the id of a merge. */
  readonly newMergeId: () => string;
  /** Whether there is time for another merge and room in the report. Called before each merge. */
  readonly canContinue: (report: readonly AutoMergeReport[]) => boolean;
}

/** One pair and its result. */
export interface AutoMergeReport {
  readonly candidate: DuplicateCandidate;
  readonly survivorId: string;
  /** Empty when the pair was not merged. */
  readonly mergeId: string;
  /** The reason why the pair was not merged; empty when it was, or would be. */
  readonly refusal: string;
}

/** Sources of a run. */
interface AutoMergeSources extends DuplicateSources {
  readonly merges: UserMerges;
}

const PAGE = 50;

/**
 * Merges the pairs above a score, highest score first, each in a transaction of its own.
 * It stops after `maxMerges` or when time is up. A repeated request reports the merges of the first run.
 */
export async function autoMerge(
  sources: AutoMergeSources,
  command: AutoMergeCommand,
): Promise<AutoMergeReport[]> {
  const { tenantId, request, runId, isDryRun } = command;
  const before =
    request && !isDryRun
      ? await sources.merges.transact((transaction) => transaction.claim(tenantId, request, runId))
      : undefined;
  return before === undefined ? run(sources, command) : reportRun(sources, tenantId, before);
}

/** Chooses the survivor: the user with more bookings, then more reviews, then the earlier creation. */
function chooseSurvivor(first: User, second: User): User {
  const [bookings, reviews] = [
    (user: User) => user.statistics?.totalBookings ?? 0n,
    (user: User) => user.totalReviews,
  ];
  if (bookings(first) !== bookings(second)) return bookings(first) > bookings(second) ? first : second;
  if (reviews(first) !== reviews(second)) return reviews(first) > reviews(second) ? first : second;
  return isOlder(second, first) ? second : first;
}

async function run(sources: AutoMergeSources, command: AutoMergeCommand): Promise<AutoMergeReport[]> {
  const report: AutoMergeReport[] = [];
  const canMergeMore = () =>
    report.filter(({ refusal }) => refusal === '').length < command.maxMerges && command.canContinue(report);
  let position: DuplicatePosition | undefined = { pass: 0, after: '' };
  while (position && canMergeMore()) {
    const { tenantId, minScore } = command;
    const page = await listDuplicates(sources, { tenantId, minScore, limit: PAGE, position });
    for (const candidate of page.candidates) {
      if (!canMergeMore()) break;
      report.push(await mergeCandidate(sources, candidate, command));
    }
    position = page.next;
  }
  return report;
}

async function mergeCandidate(
  { merges }: AutoMergeSources,
  candidate: DuplicateCandidate,
  { tenantId, runId, isDryRun, newMergeId }: AutoMergeCommand,
): Promise<AutoMergeReport> {
  // Full users, because their statistics decide.
  const parties = await merges.findParties(tenantId, [candidate.firstId, candidate.secondId]);
  const [first = candidate.first, second = candidate.second] = [candidate.firstId, candidate.secondId].map(
    (id) => parties.get(id),
  );
  const survivorId = chooseSurvivor(first, second).id;
  if (isDryRun) return { candidate, survivorId, mergeId: '', refusal: '' };
  const loserId = survivorId === first.id ? second.id : first.id;
  const plan = { survivorId, loserId, takeFromLoser: [] };
  const cause = { runId, score: candidate.score, reasons: candidate.reasons };
  const mergeId = newMergeId();
  try {
    await mergeUsers(merges, { tenantId, mergeId, plan, survivorEtag: '', loserEtag: '', cause });
    return { candidate, survivorId, mergeId, refusal: '' };
  } catch (error) {
    // A pair that cannot be merged does not stop the run.
    if (!(error instanceof UserError)) throw error;
    const { refusal } = error.metadata;
    return {
      candidate,
      survivorId,
      mergeId: '',
      refusal: refusal ? `${error.reason}: ${refusal}` : error.reason,
    };
  }
}

async function reportRun(
  { merges }: AutoMergeSources,
  tenantId: string,
  runId: string,
): Promise<AutoMergeReport[]> {
  const made = await merges.findRun(tenantId, runId);
  const parties = await merges.findParties(tenantId, [
    ...new Set(made.flatMap((each) => [each.survivorId, each.loserId])),
  ]);
  return made.flatMap(({ mergeId, survivorId, loserId, score, reasons }) => {
    const [survivor, loser] = [parties.get(survivorId), parties.get(loserId)];
    if (!survivor || !loser) return [];
    const [first, second] = isOlder(survivor, loser) ? [survivor, loser] : [loser, survivor];
    const candidate = { first, second, firstId: first.id, secondId: second.id, score, reasons };
    return [{ candidate, survivorId, mergeId, refusal: '' }];
  });
}
