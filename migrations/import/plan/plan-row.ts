import { create } from '@bufbuild/protobuf';
import { type CreateBookingRequest, CreateBookingRequestSchema } from '@rollcall/contract/booking';
import { phoneKey } from '@rollcall/contract/phone';
import type { Currency } from '../source/currency.ts';
import type { Row } from '../source/read-rows.ts';
import {
  type Cells,
  type LeftOut,
  RowFault,
  type SourceKind,
  type SourceRecord,
} from '../source/source-kind.ts';
import { fieldFaults } from './field-faults.ts';
import type { Ledger } from './ledger.ts';
import { type Person, planPerson } from './plan-person.ts';
import { digest, requestId } from './request-ids.ts';

/** What shall become of one row. */
export type RowPlan = { readonly line: number; readonly endByte: number } & (
  | { readonly kind: 'refuse'; readonly reason: string }
  | {
      readonly kind: 'book';
      /** Without a user; whoever links it sets one. */
      readonly request: CreateBookingRequest;
      /** Who to link it to, or why nobody. */
      readonly person: Person | { readonly reason: string };
      /** Values that neither the user nor the booking has, or only the booking's contact details, by column. */
      readonly leftOut: readonly LeftOut[];
    }
);

/** What all rows of a run have in common. */
export interface PlanContext {
  readonly kind: SourceKind;
  readonly kindName: string;
  readonly tenantId: string;
  readonly currency: Currency;
  readonly ledger: Ledger;
}

/** Plans one row. Rows must come in the order of the file, because the nth of several equal rows has a request id of its own. */
export function planRow(row: Row, context: PlanContext): RowPlan {
  const { line, endByte } = row;
  if ('fault' in row) return { line, endByte, kind: 'refuse', reason: row.fault };
  try {
    const record = context.kind.read(row.cells, context.currency);
    const request = bookingRequest(record, row.cells, context);
    const person = planPerson(record.person);
    const leftOut = [...(record.leftOut ?? []), ...partsLeftOut(person, context)];
    return { line, endByte, kind: 'book', request, person, leftOut };
  } catch (error) {
    if (!(error instanceof RowFault)) throw error;
    return { line, endByte, kind: 'refuse', reason: error.message };
  }
}

const NOT_FIRST = 'is not taken for the user: the first row of this e-mail has another or none';

/** Parts of a person that its user does not have: unusable ones, and others than in the first row of the person. */
function partsLeftOut(
  person: Person | { readonly reason: string },
  { kind, ledger }: PlanContext,
): LeftOut[] {
  if ('reason' in person) return [];
  const { emailKey, user, leftOut } = person;
  const parts = { name: user.displayName, phone: phoneKey(user.phone) ?? '' };
  const others = ledger.differing(emailKey, parts).map((from) => ({ from, reason: NOT_FIRST }));
  return [...leftOut, ...others].map(({ from, reason }) => ({ from: kind.personColumns[from], reason }));
}

function bookingRequest(record: SourceRecord, cells: Cells, context: PlanContext): CreateBookingRequest {
  const { kindName, tenantId, ledger } = context;
  const request = create(CreateBookingRequestSchema, { tenantId, booking: record.booking });
  const [fault] = fieldFaults(CreateBookingRequestSchema, request);
  if (fault) throw new RowFault(`${fault.field} ${fault.rule}`);
  const content = Object.values(cells);
  const earlier = ledger.countEarlier(digest(content));
  request.requestId = requestId('booking', kindName, tenantId, ...content, earlier);
  return request;
}
