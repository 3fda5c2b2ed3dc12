import { createHash } from 'node:crypto';
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
import type { RowIndex } from './row-index.ts';

/** What shall become of one row. */
export type RowPlan = { readonly line: number; readonly endByte: number } & (
  | { readonly kind: 'refuse'; readonly reason: string }
  | {
      readonly kind: 'book';
      /** Without a user; whoever links it sets one. */
      readonly request: CreateBookingRequest;
      /** Who to link it to, or why nobody. */
      readonly person: Person | { readonly reason: string };
      /**
       * Values that neither the user nor the booking has, or only the booking's contact details, by column.
       */
      readonly leftOut: readonly LeftOut[];
    }
);

/** What all rows of a run have in common. */
export interface PlanContext {
  readonly kind: SourceKind;
  readonly kindName: string;
  readonly tenantId: string;
  readonly currency: Currency;
  readonly index: RowIndex;
}

/**
 * Plans one row. Rows must come in the order of the file, because the nth of several equal rows has a request
 * id of its own.
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
 * Parts of a person that its user does not have: unusable ones, and others than in the first row of the
 * person.
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

/** Somebody who shall be a user. */
export interface Person {
  /** The address as addresses are compared: whoever shares it is the same person. */
  readonly emailKey: string;
  /** The user to make where there is none yet. */
  readonly user: User;
  /** Parts of the person that the user does not have. */
  readonly leftOut: readonly LeftOut<keyof SourcePerson>[];
}

// By the names that the contract gives them; and where each comes from.
const OTHER_FIELDS = {
  first_name: { field: 'firstName', part: 'name' },
  last_name: { field: 'lastName', part: 'name' },
  display_name: { field: 'displayName', part: 'name' },
  phone: { field: 'phone', part: 'phone' },
} as const;

/**
 * Makes a user of a person, or says why that cannot be: the contract's own rule decides whether the e-mail is
 * usable. Any other part that breaks its rule is left out; it stays in the booking's contact details.
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

/**
 * A request id that is the same whenever the same thing is asked: a UUID of version 8 (RFC 9562, 5.8) made of
 * SHA-256 over the parts. No part can run over into the next one.
 */
export function requestId(...parts: readonly (string | number)[]): string {
  const bytes = digest(['rollcall import', ...parts]).subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** SHA-256 over the parts. */
export function digest(parts: readonly (string | number)[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest();
}
