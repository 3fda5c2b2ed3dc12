import { VersionNotReachedError } from '../model/classify-error.ts';
import type { ReadCall, UserAnswer, UserRead, UserReader, UserScope } from '../model/user-reader.ts';
import { hasSeenNewer, minSeenVersion } from './version-context.ts';

interface Asked {
  readonly scope: UserScope;
  readonly call: ReadCall;
  /**
   * The reads by id, each with the version that the context has seen. Absent: users were asked for by other
   * keys.
   */
  readonly reads?: readonly UserRead[];
}

/**
 * Reads users again that are older than this context has seen. Those are users found by other keys, and
 * survivors of merges: their ids were unknown when the read began.
 */
export async function rereadNewer(
  answers: readonly UserAnswer[],
  next: UserReader,
  { scope, call, reads = [] }: Asked,
): Promise<readonly UserAnswer[]> {
  const behind = answers.map((answer, i) => toNewerRead(reads[i]?.id, answer));
  const asked = behind.filter((read) => read !== undefined);
  if (asked.length === 0) return answers;
  const newer = await next.readMany(scope, asked, call);
  let at = 0;
  return answers.map((answer, i) => {
    const read = behind[i];
    return read === undefined ? answer : toReached(read, newer[at++] as UserAnswer);
  });
}

/** The read that replaces this answer. Undefined: the answer is recent enough. */
function toNewerRead(asked: string | undefined, answer: UserAnswer): UserRead | undefined {
  if (answer.outcome !== 'found' || answer.user.id === asked || !hasSeenNewer(answer.user)) return undefined;
  const { tenantId, id } = answer.user;
  return { id, minVersion: minSeenVersion(tenantId, id) };
}

/** The user may have been merged meanwhile. A user that is still too old then is not served. */
function toReached({ id: asked }: UserRead, answer: UserAnswer): UserAnswer {
  const next = toNewerRead(asked, answer);
  if (next === undefined) return answer;
  return { outcome: 'failed', error: new VersionNotReachedError(next.id, next.minVersion) };
}
