import { LedgerError } from '../ledger/ledger-error.ts';
import { factsOf } from '../ledger/stripe-fields.ts';
import type { StripeKind, StripeObject } from '../ledger/stripe-object.ts';
import { compareFacts, type Drift, type Here } from './drift.ts';
import { compareRow } from './expected-row.ts';

/** Where an object and what is here of it disagree; nothing: nowhere. */
export function judgeObject(kind: StripeKind, object: StripeObject, here: Here | undefined): Drift[] {
  const about = { kind, id: object.id };
  try {
    const there = factsOf(kind, object) as unknown as Readonly<Record<string, unknown>>;
    const status = `status ${there.status ?? 'none'}`;
    if (!here?.facts) return [{ ...about, class: 'missing_here', here: 'nothing', there: status }];
    const differing = compareFacts(about, here.facts, there);
    const classes = new Set(differing.map((each) => each.class));
    return [...differing, ...compareRow(about, here, there).filter((each) => !classes.has(each.class))];
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return [{ ...about, class: 'not_understood', here: error.message, there: 'cannot be kept' }];
  }
}
