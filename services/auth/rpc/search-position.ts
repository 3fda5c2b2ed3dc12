import { isStorable } from '@rollcall/contract/request-content';
import { isTimePosition } from '@rollcall/runtime/rpc';
import type { SearchPosition } from '../users/searching/search-users.ts';

/** Whether a search can go on there: anybody can write a token that looks like ours. */
export function isSearchPosition(value: unknown): value is SearchPosition {
  if (typeof value !== 'object' || value === null) return false;
  if ('contact' in value) return isId(value.contact);
  const { lead, from, after } = value as Record<string, unknown>;
  return isCount(lead) && (from === undefined || isPlace(from)) && (after === undefined || isMatch(after));
}

function isPlace(value: unknown): boolean {
  const { points, word, id } = (value ?? {}) as Record<string, unknown>;
  return isCount(points) && typeof word === 'string' && isStorable(word) && (id === '' || isId(id));
}

function isMatch(value: unknown): boolean {
  const { points, id } = (value ?? {}) as Record<string, unknown>;
  return isCount(points) && isId(id);
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 1_000_000;
}

function isId(value: unknown): boolean {
  return isTimePosition({ timeMs: 0, id: value });
}
