import type { SeenVersion } from '../model/change-sink.ts';
import { MAX_VERSION, toTenantId, toUserId } from '../options/ids.ts';

/**
 * The header of requests and answers that carries seen versions: `TENANT/USER/VERSION`, separated by commas,
 * newest first.
 */
export const SEEN_HEADER = 'x-rollcall-seen';

/**
 * Longest header that is written, in characters: about 80 versions. The oldest ones are left out. It is a
 * quarter of the room for all headers that Node accepts over HTTP/1.1, the tightest limit on the way:
 * https://nodejs.org/docs/latest-v24.x/api/cli.html#--max-http-header-sizesize
 */
export const MAX_SEEN_HEADER_LENGTH = 4_096;

/** Longest header that is read: two written ones that a proxy joined. */
const MAX_READ_LENGTH = 2 * MAX_SEEN_HEADER_LENGTH;
const VERSION = /^[1-9][0-9]{0,18}$/;

/** The value of the header. Undefined: there are no versions. */
export function encodeSeenVersions(newestFirst: Iterable<SeenVersion>): string | undefined {
  let header = '';
  for (const { tenantId, id, version } of newestFirst) {
    const item = `${header === '' ? '' : ','}${tenantId}/${id}/${version}`;
    if (header.length + item.length > MAX_SEEN_HEADER_LENGTH) break;
    header += item;
  }
  return header === '' ? undefined : header;
}

/** The versions of a header, newest first, or the fault for which it is ignored as a whole. */
type SeenHeader =
  | { readonly seen: readonly SeenVersion[]; readonly fault?: never }
  | { readonly seen?: never; readonly fault: string };

/** Decodes a header, which may come from anyone. Never throws. */
export function decodeSeenVersions(header: string): SeenHeader {
  if (header.length > MAX_READ_LENGTH) {
    return { fault: `${SEEN_HEADER} has ${header.length} characters, more than ${MAX_READ_LENGTH}` };
  }
  const seen: SeenVersion[] = [];
  for (const item of header.split(',')) {
    const version = toSeenVersion(item.trim());
    if (version === undefined) {
      return {
        fault: `${SEEN_HEADER} holds '${item.trim().slice(0, 80)}', which is not TENANT/USER/VERSION`,
      };
    }
    seen.push(version);
  }
  return { seen };
}

function toSeenVersion(item: string): SeenVersion | undefined {
  const [tenantId, id, version = '', ...rest] = item.split('/');
  if (rest.length > 0 || !VERSION.test(version) || BigInt(version) > MAX_VERSION) return undefined;
  try {
    return { tenantId: toTenantId(tenantId), id: toUserId(id, SEEN_HEADER), version: BigInt(version) };
  } catch {
    return undefined;
  }
}
