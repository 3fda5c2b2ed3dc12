import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt';
import { momentFault } from '@rollcall/contract/request-content';
import { invalidField } from '@rollcall/runtime/rpc';

/** The moment of a timestamp. Throws RpcError FIELD_INVALID where it is none. */
export function requireTimestamp(field: string, timestamp: Timestamp): Date {
  const fault = momentFault(timestamp);
  if (fault) throw invalidField(field, fault);
  return timestampDate(timestamp);
}
