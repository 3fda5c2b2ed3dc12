import { UserState } from '@rollcall/contract/user';
import type { Person } from '../plan/plan-row.ts';
import { requestId } from '../plan/request-ids.ts';
import type { Link, RowIndex } from '../plan/row-index.ts';
import type { Services } from './connect-services.ts';
import { mapConcurrently, type RetryCall, refusalOf } from './retry-calls.ts';

/** Counts of the people of an import. Each person counts once. */
export interface PeopleCounts {
  created: number;
  found: number;
  /** People without a user: see `LOST`. */
  lost: number;
}

export interface LinkContext {
  readonly services: Services;
  readonly tenantId: string;
  readonly index: RowIndex;
  readonly call: RetryCall;
  readonly concurrency: number;
  readonly signal: AbortSignal;
  readonly counts: PeopleCounts;
}

/** Reason for a person whose user, made by an earlier import, is deleted or has another address now. */
export const LOST = 'the user that an earlier import made for this e-mail was changed or deleted since';

/**
 * Finds or creates the users of people, and stores the links in the index. The first of several people with
 * one e-mail counts. At most 500 people, the limit of ResolveUsers.
 */
export async function linkPeople(people: readonly Person[], context: LinkContext): Promise<void> {
  const first = new Map<string, Person>();
  for (const person of people) if (!first.has(person.emailKey)) first.set(person.emailKey, person);
  const unknown = [...first.values()].filter(({ emailKey }) => !context.index.link(emailKey));
  const missing = await resolve(unknown, context);
  const made = await mapConcurrently(missing, context.concurrency, (person) => createUser(person, context));
  // Another caller or an earlier import made these: they are resolved again.
  const late = await resolve(
    missing.filter((_, i) => !made[i]),
    context,
  );
  for (const { emailKey } of late) context.index.setLink(emailKey, { reason: LOST });
  context.counts.lost += late.length;
}

/** Stores the links of existing users. @returns people without a user */
async function resolve(people: readonly Person[], context: LinkContext): Promise<Person[]> {
  const { services, tenantId, call, signal, index, counts } = context;
  if (people.length === 0) return [];
  const keys = people.map(({ emailKey }) => ({ key: { case: 'email' as const, value: emailKey } }));
  const { outcomes } = await call(() => services.users.resolveUsers({ tenantId, keys }, { signal }));
  return people.filter(({ emailKey }, i) => {
    const outcome = outcomes[i]?.outcome;
    if (outcome?.case !== 'user') return true;
    index.setLink(emailKey, { userId: outcome.value.id });
    counts.found += 1;
    return false;
  });
}

/**
 * Creates a user and stores its link.
 * @returns false when the address or the request is already known with other content
 */
async function createUser({ emailKey, user }: Person, context: LinkContext): Promise<boolean> {
  const { services, tenantId, call, signal, index, counts } = context;
  const request = { tenantId, requestId: requestId('user', tenantId, emailKey), user };
  try {
    const { user: made } = await call(() => services.admin.createUser(request, { signal }));
    if (!made) throw new Error('CreateUser answered no user');
    index.setLink(emailKey, { userId: made.id });
    const isRepeat = made.state === UserState.DELETED || made.email.toLowerCase() !== emailKey;
    counts[isRepeat ? 'found' : 'created'] += 1;
    return true;
  } catch (error) {
    const reason = refusalOf(error);
    if (reason === 'EMAIL_TAKEN' || reason === 'REQUEST_ID_REUSED') return false;
    throw error;
  }
}

/** Returns the link of a person after `linkPeople`. */
export function linkOf({ emailKey }: Person, index: RowIndex): Link {
  const link = index.link(emailKey);
  if (!link) throw new Error('a person was not linked before its bookings');
  return link;
}
