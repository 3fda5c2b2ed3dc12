import { VersionNotReachedError } from './judge.ts';
import type { ReadCall, UserAnswer, UserRead, UserReader, UserScope } from './user-reader.ts';
import { currentFloor, hasSeenNewer } from './version-context.ts';

/** What was read, and how. */
interface Asked {
  readonly scope: UserScope;
  readonly reads: readonly UserRead[];
  readonly call: ReadCall;
}

/**
 * The answers as this context may be given them: where the id of a user that was merged away brought the survivor older than
 * the context has seen it, the survivor itself is read. Nobody knew its id when the read began.
 */
export async function catchUp(
  answers: readonly UserAnswer[],
  next: UserReader,
  { scope, reads, call }: Asked,
): Promise<readonly UserAnswer[]> {
  const survivors = answers.map((answer, i) => toSurvivorRead(reads[i] as UserRead, answer));
  const asked = survivors.filter((read) => read !== undefined);
  if (asked.length === 0) return answers;
  const newer = await next.readMany(scope, asked, call);
  let at = 0;
  return answers.map((answer, i) => {
    const read = survivors[i];
    return read === undefined ? answer : toReached(read, newer[at++] as UserAnswer);
  });
}

/** The read that is to replace this one. Undefined: none. */
function toSurvivorRead({ id: asked }: UserRead, answer: UserAnswer): UserRead | undefined {
  if (answer.outcome !== 'found' || answer.user.id === asked || !hasSeenNewer(answer.user)) return undefined;
  const { tenantId, id } = answer.user;
  return { id, minVersion: currentFloor(tenantId, id) };
}

/** The survivor may have been merged too meanwhile: who is still behind then is not answered. */
function toReached(read: UserRead, answer: UserAnswer): UserAnswer {
  const next = toSurvivorRead(read, answer);
  if (next === undefined) return answer;
  return { outcome: 'failed', error: new VersionNotReachedError(next.id, next.minVersion) };
}
