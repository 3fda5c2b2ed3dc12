import { MAX_PROFILE_BYTES, MAX_TAGS, type ProfileJson } from '../../users/user.ts';
import { UserError } from '../../users/user-error.ts';

/**
 * The profile after these changes, with its keys sorted so that two profiles can be compared as text.
 * @param tags the user's tags after the change; they count towards the size of the profile.
 * @throws UserError PROFILE_TOO_LARGE.
 */
export function updatedProfile(
  profile: ProfileJson,
  changes: ProfileJson = {},
  tags: readonly string[] = [],
): ProfileJson {
  const result = inOrder({ ...profile, ...changes });
  requireFewTags(tags);
  const bytes = Buffer.byteLength(JSON.stringify(tags.length > 0 ? { ...result, tags } : result));
  if (bytes <= MAX_PROFILE_BYTES) return result;
  const message = `The profile would take ${bytes} bytes as JSON, and may take ${MAX_PROFILE_BYTES}.`;
  throw new UserError('PROFILE_TOO_LARGE', message, {
    bytes: String(bytes),
    limit: String(MAX_PROFILE_BYTES),
  });
}

function requireFewTags(tags: readonly string[]): void {
  if (tags.length <= MAX_TAGS) return;
  const message = `The user would have ${tags.length} tags, and may have ${MAX_TAGS}.`;
  throw new UserError('PROFILE_TOO_LARGE', message, { tags: String(tags.length), limit: String(MAX_TAGS) });
}

/** Whether two profiles are equal. */
export function isSameProfile(one: ProfileJson, other: ProfileJson): boolean {
  return JSON.stringify(inOrder(one)) === JSON.stringify(inOrder(other));
}

function inOrder(profile: ProfileJson): ProfileJson {
  const entries = Object.entries(profile).filter(([, value]) => value !== null);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
