import { timestampDate } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import type { Erasure } from '@rollcall/contract/user';
import type { Logger } from '@rollcall/runtime';
import type { UserAdminClient } from '@rollcall/user-client/admin';
import type { ErasedRows, ErasedStore } from './erased-rows.ts';

export interface CarryOutOptions {
  readonly admin: Pick<UserAdminClient, 'listErasures' | 'reportErasure'>;
  /** The name under which the service reports: `booking`. */
  readonly consumer: string;
  readonly store: ErasedStore;
  readonly elsewhere: ErasedRows['elsewhere'];
  /** The tenants of the service's rows, for a caller whose grant does not cover all tenants. */
  readonly tenants: () => Promise<readonly string[]>;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Counts of one check. */
interface CarryOutResult {
  /** Users whose erasure was reported. */
  readonly reported: number;
  /** Users whose data outside of the database could not be cleared. The next check tries them again. */
  readonly failed: number;
}

const PAGE_SIZE = 500;
const CALL_TIMEOUT_MS = 5000;

/**
 * Asks the user service for erased users, clears this service's rows of them, and reports each. A check
 * depends on no earlier one: it finds again what an interrupted check left.
 * @param isFull true: check all erasures, because a restored database may hold cleared rows again. False:
 * only those that this service has not reported.
 */
export async function carryOutErasures(isFull: boolean, options: CarryOutOptions): Promise<CarryOutResult> {
  const sum = { reported: 0, failed: 0 };
  for await (const erasures of pagesOf(isFull, options)) {
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

/** Clears the rows, and returns the erasures to report. */
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

// A report that left work to an operator is tried again, because a setting may have been added since.
function isDone({ reports }: Erasure, consumer: string): boolean {
  return reports.some((report) => report.consumer === consumer && report.remaining === '');
}

/** Returns false when the next check must try again. */
async function clearElsewhereAndReport(erasure: Erasure, options: CarryOutOptions): Promise<boolean> {
  const { admin, consumer, elsewhere, logger, signal } = options;
  const { tenantId, id } = erasure;
  try {
    const remaining = elsewhere ? await elsewhere({ tenantId, userId: id }, signal) : '';
    const before = erasure.reports.find((report) => report.consumer === consumer);
    if (before && before.remaining === remaining) return true;
    const request = { tenantId, id, consumer, remaining };
    await admin.reportErasure(request, { signal, timeoutMs: CALL_TIMEOUT_MS });
    logger.info({ tenantId, id, remaining }, 'data of an erased user is cleared');
    return true;
  } catch (error) {
    if (error instanceof ConnectError || signal.aborted) throw error;
    logger.warn({ error, tenantId, id }, 'external data of an erased user cannot be cleared, retrying');
    return false;
  }
}

async function* pagesOf(isFull: boolean, options: CarryOutOptions): AsyncIterable<Erasure[]> {
  try {
    yield* pagesOfTenant('', isFull, options);
  } catch (error) {
    if (!(error instanceof ConnectError) || error.code !== Code.PermissionDenied) throw error;
    // The grant names tenants.
    for (const tenantId of await options.tenants()) yield* pagesOfTenant(tenantId, isFull, options);
  }
}

async function* pagesOfTenant(
  tenantId: string,
  isFull: boolean,
  { admin, consumer, signal }: CarryOutOptions,
): AsyncIterable<Erasure[]> {
  const asked = { tenantId, awaitedFrom: isFull ? '' : consumer, pageSize: PAGE_SIZE };
  let pageToken = '';
  do {
    const answer = await admin.listErasures({ ...asked, pageToken }, { signal, timeoutMs: CALL_TIMEOUT_MS });
    yield answer.erasures;
    pageToken = answer.nextPageToken;
  } while (pageToken !== '');
}
