import { UserState } from '@rollcall/contract/user';
import { type Person, requestId } from '../plan/plan-row.ts';
import type { Link, RowIndex } from '../plan/row-index.ts';
import type { Services } from './connect-services.ts';
import { mapConcurrently, type RetryCall, refusalOf } from './retry-calls.ts';

/** What became of the people of an import; each counts once, however many rows are theirs. */
export interface PeopleCounts {
  created: number;
  found: number;
  /** Have no user: see `LOST`. */
  lost: number;
}

/** What linking needs. */
export interface LinkContext {
  readonly services: Services;
  readonly tenantId: string;
  readonly index: RowIndex;
  readonly call: RetryCall;
  readonly concurrency: number;
  readonly signal: AbortSignal;
  readonly counts: PeopleCounts;
}

/**
 * The user that an earlier import made for an address is deleted, or has another address by now: nobody to
 * book for.
 */
export const LOST = 'the user that an earlier import made for this e-mail was changed or deleted since';

/**
 * Leads people to users and notes it in the index: whoever is there is found, the others are made, in the
 * order given. The first of several with the same e-mail decides. At most 500, which is what the service
 * resolves at once.
 */
export async function linkPeople(people: readonly Person[], context: LinkContext): Promise<void> {
  const first = new Map<string, Person>();
  for (const person of people) if (!first.has(person.emailKey)) first.set(person.emailKey, person);
  const unknown = [...first.values()].filter(({ emailKey }) => !context.index.link(emailKey));
  const missing = await resolve(unknown, context);
  const made = await mapConcurrently(missing, context.concurrency, (person) => createUser(person, context));
  // Somebody else was faster, or an earlier import: who it is can be asked now.
  const late = await resolve(
    missing.filter((_, i) => !made[i]),
    context,
  );
  for (const { emailKey } of late) context.index.setLink(emailKey, { reason: LOST });
  context.counts.lost += late.length;
}

/** Notes who is there, and answers who is not. */
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
 * Makes a user and notes it; false where the service knows the address or the request already, with something
 * else.
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

/** Where the rows of a person lead, once `linkPeople` has seen it. */
export function linkOf({ emailKey }: Person, index: RowIndex): Link {
  const link = index.link(emailKey);
  if (!link) throw new Error('a person was not linked before its bookings');
  return link;
}
