import { create } from '@bufbuild/protobuf';
import { type AttachedUser, AttachedUserOutcome, AttachedUserSchema } from '@rollcall/contract/user';
import type { KnownUser } from './users.ts';

const OUTCOMES = {
  found: AttachedUserOutcome.FOUND,
  deleted: AttachedUserOutcome.DELETED,
  missing: AttachedUserOutcome.MISSING,
  unavailable: AttachedUserOutcome.UNAVAILABLE,
} as const satisfies Record<KnownUser['outcome'], AttachedUserOutcome>;

/** What is known of a user as it stands beside something of another service on the wire. */
export function toAttachedUser(known: KnownUser): AttachedUser {
  return create(AttachedUserSchema, {
    id: known.id,
    outcome: OUTCOMES[known.outcome],
    ...('user' in known && { user: known.user, stale: known.stale }),
  });
}
