import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt';
import { invalidField } from '@rollcall/runtime/rpc';

// What a Timestamp may be, by its own definition: the years 1 to 9999.
const FIRST_SECOND = -62_135_596_800n;
const LAST_SECOND = 253_402_300_799n;

/** This moment, as what a message is made of: most answers are encoded without ever being a message. */
export function nowInit(): { readonly seconds: bigint; readonly nanos: number } {
  const ms = Date.now();
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };
}

/** The moment of a timestamp. Throws RpcError FIELD_INVALID where it is none. */
export function requireTimestamp(field: string, timestamp: Timestamp): Date {
  const { seconds, nanos } = timestamp;
  if (seconds >= FIRST_SECOND && seconds <= LAST_SECOND && nanos >= 0 && nanos < 1e9)
    return timestampDate(timestamp);
  throw invalidField(field, 'must be a moment of the years 1 to 9999');
}
