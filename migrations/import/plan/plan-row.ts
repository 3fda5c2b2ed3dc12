import { create } from '@bufbuild/protobuf';
import { type CreateBookingRequest, CreateBookingRequestSchema } from '@rollcall/contract/booking';
import { cleanPhone, phoneKey } from '@rollcall/contract/phone';
import { type User, UserSchema } from '@rollcall/contract/user';
import type { Currency } from '../source/amount.ts';
import type { Row } from '../source/read-rows.ts';
import {
  type Cells,
  type LeftOut,
  RowFault,
  type SourceKind,
  type SourcePerson,
  type SourceRecord,
} from '../source/source-kind.ts';
import { fieldFaults } from './field-faults.ts';
import { splitName } from './person-name.ts';
import { digest, requestId } from './request-ids.ts';
import type { RowIndex } from './row-index.ts';

/** Plan for one row. */
export type RowPlan = { readonly line: number; readonly endByte: number } & (
  | { readonly kind: 'refuse'; readonly reason: string }
  | {
      readonly kind: 'book';
      /** Request without a user. */
      readonly request: CreateBookingRequest;
      /** Person to link, or the reason why the row has no person. */
      readonly person: Person | { readonly reason: string };
      /** Values that the user and the booking lack, or that only the contact details hold, by column. */
      readonly leftOut: readonly LeftOut[];
    }
);

/** Context of all rows of a run. */
export interface PlanContext {
  readonly kind: SourceKind;
  readonly kindName: string;
  readonly tenantId: string;
  readonly currency: Currency;
  readonly index: RowIndex;
}

/**
 * Plans one row. Rows must come in the order of the file, because equal rows are counted for their request
 * ids.
 */
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

/**
 * Returns parts that the person's user does not have: unusable ones, and ones that differ from the person's
 * first row.
 */
function partsLeftOut(person: Person | { readonly reason: string }, { kind, index }: PlanContext): LeftOut[] {
  if ('reason' in person) return [];
  const { emailKey, user, leftOut } = person;
  const parts = { name: user.displayName, phone: phoneKey(user.phone) ?? '' };
  const others = index.differing(emailKey, parts).map((from) => ({ from, reason: NOT_FIRST }));
  return [...leftOut, ...others].map(({ from, reason }) => ({ from: kind.personColumns[from], reason }));
}

function bookingRequest(record: SourceRecord, cells: Cells, context: PlanContext): CreateBookingRequest {
  const { kindName, tenantId, index } = context;
  const request = create(CreateBookingRequestSchema, { tenantId, booking: record.booking });
  const [fault] = fieldFaults(CreateBookingRequestSchema, request);
  if (fault) throw new RowFault(`${fault.field} ${fault.rule}`);
  const content = Object.values(cells);
  const earlier = index.countEarlier(digest(content));
  request.requestId = requestId('booking', kindName, tenantId, ...content, earlier);
  return request;
}

/** A person to make a user for. */
export interface Person {
  /** Normalized e-mail address. Rows with an equal one are about one person. */
  readonly emailKey: string;
  /** User to create when the tenant does not have the user yet. */
  readonly user: User;
  /** Parts of the person that the user lacks. */
  readonly leftOut: readonly LeftOut<keyof SourcePerson>[];
}

// Contract field, its message field, and the part of the person it comes from.
const OTHER_FIELDS = {
  first_name: { field: 'firstName', part: 'name' },
  last_name: { field: 'lastName', part: 'name' },
  display_name: { field: 'displayName', part: 'name' },
  phone: { field: 'phone', part: 'phone' },
} as const;

/**
 * Maps a person to a user, or returns the reason why it cannot. The contract's rule decides about the e-mail.
 * Other parts that break a rule are left out of the user.
 */
export function planPerson({ name, email, phone }: SourcePerson): Person | { readonly reason: string } {
  const address = email.trim();
  if (!address) return { reason: 'email is empty' };
  const user = create(UserSchema, { ...splitName(name), email: address, phone: cleanPhone(phone) });
  const faults = fieldFaults(UserSchema, user);
  const unusable = faults.find(({ field }) => field === 'email');
  if (unusable) return { reason: `email ${unusable.rule}` };
  const reasons = new Map(faults.toReversed().map(({ field, rule }) => [field, rule]));
  const leftOut = [...reasons].map(([path, rule]) => {
    const { field, part } = OTHER_FIELDS[path as keyof typeof OTHER_FIELDS];
    user[field] = '';
    return { from: part, reason: part === 'phone' ? rule : `as ${path} ${rule}` };
  });
  return { emailKey: address.toLowerCase(), user, leftOut };
}
