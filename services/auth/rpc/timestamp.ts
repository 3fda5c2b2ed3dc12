import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt';
import { invalidField } from '@rollcall/runtime/rpc';

// What a Timestamp may be, by its own definition: the years 1 to 9999.
const FIRST_SECOND = -62_135_596_800n;
const LAST_SECOND = 253_402_300_799n;

/** The moment of a timestamp. Throws RpcError FIELD_INVALID where it is none. */
export function requireTimestamp(field: string, timestamp: Timestamp): Date {
  const { seconds, nanos } = timestamp;
  if (seconds >= FIRST_SECOND && seconds <= LAST_SECOND && nanos >= 0 && nanos < 1e9)
    return timestampDate(timestamp);
  throw invalidField(field, 'must be a moment of the years 1 to 9999');
}
