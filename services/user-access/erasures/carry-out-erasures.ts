import { timestampDate } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import type { Erasure } from '@rollcall/contract/user';
import type { Logger } from '@rollcall/runtime';
import type { UserAdminClient } from '@rollcall/user-client/admin';
import type { ErasedRows, ErasedStore } from './erased-rows.ts';

/** What carrying out works with. */
export interface CarryOutOptions {
  readonly admin: Pick<UserAdminClient, 'listErasures' | 'reportErasure'>;
  /** The name by which the service reports: `booking`. */
  readonly consumer: string;
  readonly store: ErasedStore;
  readonly elsewhere: ErasedRows['elsewhere'];
  /** Tenants that the service has rows of, for a caller that may not ask of all. */
  readonly tenants: () => Promise<readonly string[]>;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** What became of a look at the owner's erasures. */
interface CarryOutResult {
  /** Users whose erasure was reported. */
  readonly reported: number;
  /** What could not be cleared elsewhere, and is tried again at the next look. */
  readonly failed: number;
}

const PAGE_SIZE = 500;
const CALL_TIMEOUT_MS = 5000;

/**
 * Asks the owner which users are erased, clears what this service holds of them, and reports each. Nothing depends on an earlier
 * look: what was cut off is found again.
 * @param isWhole look at all erasures, as after a start: a database that was restored has forgotten what it cleared. False: only at
 *   those that this service has not reported.
 */
export async function carryOutErasures(isWhole: boolean, options: CarryOutOptions): Promise<CarryOutResult> {
  const sum = { reported: 0, failed: 0 };
  for await (const erasures of pagesOf(isWhole, options)) {
    for (const [tenantId, ofTenant] of Map.groupBy(erasures, (each) => each.tenantId)) {
      const open = await clearRows(tenantId, ofTenant, options);
      for (const erasure of open) {
        if (await clearElsewhereAndReport(erasure, options)) sum.reported += 1;
        else sum.failed += 1;
      }
    }
  }
  return sum;
}

/** Clears the rows, and answers the erasures that are to be reported. */
async function clearRows(
  tenantId: string,
  erasures: readonly Erasure[],
  { store, consumer }: CarryOutOptions,
): Promise<Erasure[]> {
  const ids = erasures.map(({ id }) => id);
  const uncleared = new Set(await store.uncleared(tenantId, ids));
  const timeOf = ({ eraseTime }: Erasure) => (eraseTime ? timestampDate(eraseTime) : new Date());
  const toClear = erasures.filter(({ id }) => uncleared.has(id));
  if (toClear.length > 0)
    await store.clear(tenantId, new Map(toClear.map((each) => [each.id, timeOf(each)])));
  return erasures.filter((each) => uncleared.has(each.id) || !isDone(each, consumer));
}

// What an earlier report left to an operator is tried again: a setting may have come since.
function isDone({ reports }: Erasure, consumer: string): boolean {
  return reports.some((report) => report.consumer === consumer && report.remaining === '');
}

/** False: it is to be tried again. */
async function clearElsewhereAndReport(erasure: Erasure, options: CarryOutOptions): Promise<boolean> {
  const { admin, consumer, elsewhere, logger, signal } = options;
  const { tenantId, id } = erasure;
  try {
    const remaining = elsewhere ? await elsewhere({ tenantId, userId: id }, signal) : '';
    const before = erasure.reports.find((report) => report.consumer === consumer);
    if (before && before.remaining === remaining) return true;
    const request = { tenantId, id, consumer, remaining };
    await admin.reportErasure(request, { signal, timeoutMs: CALL_TIMEOUT_MS });
    logger.info({ tenantId, id, remaining }, 'what was held of an erased user is cleared');
    return true;
  } catch (error) {
    if (error instanceof ConnectError || signal.aborted) throw error;
    logger.warn(
      { error, tenantId, id },
      'what is held elsewhere of an erased user cannot be cleared: it is tried again',
    );
    return false;
  }
}

async function* pagesOf(isWhole: boolean, options: CarryOutOptions): AsyncIterable<Erasure[]> {
  try {
    yield* pagesOfTenant('', isWhole, options);
  } catch (error) {
    if (!(error instanceof ConnectError) || error.code !== Code.PermissionDenied) throw error;
    // The grant names tenants.
    for (const tenantId of await options.tenants()) yield* pagesOfTenant(tenantId, isWhole, options);
  }
}

async function* pagesOfTenant(
  tenantId: string,
  isWhole: boolean,
  { admin, consumer, signal }: CarryOutOptions,
): AsyncIterable<Erasure[]> {
  const asked = { tenantId, awaitedFrom: isWhole ? '' : consumer, pageSize: PAGE_SIZE };
  let pageToken = '';
  do {
    const answer = await admin.listErasures({ ...asked, pageToken }, { signal, timeoutMs: CALL_TIMEOUT_MS });
    yield answer.erasures;
    pageToken = answer.nextPageToken;
  } while (pageToken !== '');
}
