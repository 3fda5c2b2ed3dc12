import { invalidField } from '@rollcall/runtime/rpc';

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
