import { create } from '@bufbuild/protobuf';
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { momentFault } from '@rollcall/contract/request-content';
import { invalidField } from './refusal.ts';

const NANOS_PER_MS = 1_000_000;

/** A timestamp in nanoseconds since 1970. 0: undefined. */
export function toNanos(time: Timestamp | undefined): bigint {
  return time === undefined ? 0n : time.seconds * 1_000_000_000n + BigInt(time.nanos);
}

/**
 * A timestamp cut to whole milliseconds, as the real service stores it.
 * @throws ConnectError FIELD_INVALID when it is not valid
 */
export function toWholeMs(field: string, time: Timestamp): Timestamp {
  requireTimestamp(field, time);
  const { seconds, nanos } = time;
  return create(TimestampSchema, { seconds, nanos: nanos - (nanos % NANOS_PER_MS) });
}

/** A text that sorts as the timestamp does. */
export function timestampSortKey(time: Timestamp | undefined): string {
  return String(toNanos(time) + SORT_KEY_OFFSET_NANOS).padStart(24, '0');
}

// More than the time from the year 1 to 1970, so that no key is negative.
const SORT_KEY_OFFSET_NANOS = 10n ** 20n;

/** @throws ConnectError FIELD_INVALID when the timestamp is not valid */
export function requireTimestamp(field: string, time: Timestamp): void {
  const fault = momentFault(time);
  if (fault) throw invalidField(field, fault);
}
