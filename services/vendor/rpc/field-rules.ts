import { isStorable, UNSTORABLE } from '@rollcall/runtime';
import { invalidField } from '@rollcall/runtime/rpc';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** An id in lower case. Throws RpcError FIELD_INVALID for what is none. */
export function requireId(field: string, id: string): string {
  const lower = id.toLowerCase();
  if (UUID.test(lower)) return lower;
  throw invalidField(field, 'must be a UUID');
}

/** The text, where it can be kept. Throws RpcError FIELD_INVALID. */
export function requireStorable(field: string, text: string): string {
  if (isStorable(text)) return text;
  throw invalidField(field, UNSTORABLE);
}

/** The paths of an update mask. Throws RpcError FIELD_INVALID for none, or for one that cannot be written. */
export function requirePaths<Path extends string>(
  paths: readonly string[],
  known: readonly Path[],
): ReadonlySet<Path> {
  if (paths.length === 0) throw invalidField('update_mask', 'must name at least one field');
  const unknown = paths.filter((path) => !known.includes(path as Path));
  if (unknown.length === 0) return new Set(paths as Path[]);
  const told = unknown.slice(0, 5).join(', ').slice(0, 200);
  throw invalidField('update_mask', `cannot write ${told}; can write ${known.join(', ')}`);
}
