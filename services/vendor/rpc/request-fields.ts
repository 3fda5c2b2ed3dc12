import { invalidField } from '@rollcall/runtime/rpc';

/**
 * Reads the paths of an update mask.
 * @throws RpcError FIELD_INVALID when the mask is empty or names a field that cannot be written
 */
export function requirePaths<Path extends string>(
  paths: readonly string[],
  known: readonly Path[],
): ReadonlySet<Path> {
  if (paths.length === 0) throw invalidField('update_mask', 'must name at least one field');
  const unknown = paths.filter((path) => !known.includes(path as Path));
  if (unknown.length === 0) return new Set(paths as Path[]);
  const unknownPaths = unknown.slice(0, 5).join(', ').slice(0, 200);
  throw invalidField('update_mask', `cannot write ${unknownPaths}; can write ${known.join(', ')}`);
}
