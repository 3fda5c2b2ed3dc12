import { create } from '@bufbuild/protobuf';
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { momentFault } from '@rollcall/contract/request-content';
import { invalidField } from './refusal.ts';

const NANOS_PER_MS = 1_000_000;

/** A moment as one number; 0: none. */
export function toNanos(time: Timestamp | undefined): bigint {
  return time === undefined ? 0n : time.seconds * 1_000_000_000n + BigInt(time.nanos);
}

/** A moment as the real service keeps it: whole ms. Throws FIELD_INVALID where it is none. */
export function toWholeMs(field: string, time: Timestamp): Timestamp {
  requireTimestamp(field, time);
  const { seconds, nanos } = time;
  return create(TimestampSchema, { seconds, nanos: nanos - (nanos % NANOS_PER_MS) });
}

/** A moment as a text whose order is that of time. */
export function timestampSortKey(time: Timestamp | undefined): string {
  return String(toNanos(time) + BEFORE_ALL_NANOS).padStart(24, '0');
}

// More than lies between the year 1 and 1970, so that no key is negative.
const BEFORE_ALL_NANOS = 10n ** 20n;

/** Checks that a timestamp is one. Throws FIELD_INVALID. */
export function requireTimestamp(field: string, time: Timestamp): void {
  const fault = momentFault(time);
  if (fault) throw invalidField(field, fault);
}
