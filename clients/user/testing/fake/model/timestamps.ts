import { create } from '@bufbuild/protobuf';
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { requireMoment } from '../user-fields.ts';

const NANOS_PER_MS = 1_000_000;

/** A moment as one number; 0: none. */
export function nanosOf(time: Timestamp | undefined): bigint {
  return time === undefined ? 0n : time.seconds * 1_000_000_000n + BigInt(time.nanos);
}

/** A moment as the real service keeps it: whole ms. Throws FIELD_INVALID where it is none. */
export function keptMoment(field: string, time: Timestamp): Timestamp {
  requireMoment(field, time);
  const { seconds, nanos } = time;
  return create(TimestampSchema, { seconds, nanos: nanos - (nanos % NANOS_PER_MS) });
}
