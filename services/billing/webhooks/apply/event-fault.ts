import { sqlState, violatedConstraint } from '@rollcall/runtime/postgres';
import { LedgerError } from '../../ledger/ledger-error.ts';

/** What the ledger says of an event that failed: never what stands in it, which the database's own words may repeat. */
export function faultText(error: unknown): string {
  if (error instanceof LedgerError) return `${error.reason}: ${error.message}`;
  const state = sqlState(error);
  if (state) return `DATABASE_REFUSED: ${state} ${violatedConstraint(error) ?? ''}`.trim();
  return `FAULT: ${error instanceof Error ? error.name : typeof error}`;
}
