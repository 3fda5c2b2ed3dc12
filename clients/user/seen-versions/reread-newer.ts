import { VersionNotReachedError } from '../model/classify-error.ts';
import type { ReadCall, UserAnswer, UserRead, UserReader, UserScope } from '../model/user-reader.ts';
import { hasSeenNewer, minSeenVersion } from './version-context.ts';

/** What was asked, and how. */
interface Asked {
  readonly scope: UserScope;
  readonly call: ReadCall;
  /** The ids, each read with what the context has seen of it. Absent: it was asked by other keys. */
  readonly reads?: readonly UserRead[];
}

/**
 * The answers as this context may be given them: who is older than the context has seen is read by id. Those are users that other
 * keys led to, and the survivors of merges: nobody knew their id when the read began.
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

/** The read that is to replace this one. Undefined: none. */
function toNewerRead(asked: string | undefined, answer: UserAnswer): UserRead | undefined {
  if (answer.outcome !== 'found' || answer.user.id === asked || !hasSeenNewer(answer.user)) return undefined;
  const { tenantId, id } = answer.user;
  return { id, minVersion: minSeenVersion(tenantId, id) };
}

/** The user may have been merged meanwhile: who is still behind then is not answered. */
function toReached({ id: asked }: UserRead, answer: UserAnswer): UserAnswer {
  const next = toNewerRead(asked, answer);
  if (next === undefined) return answer;
  return { outcome: 'failed', error: new VersionNotReachedError(next.id, next.minVersion) };
}
