import { Code, ConnectError } from '@connectrpc/connect';
import { errorReason } from '@rollcall/transport';
import type { UserKey } from '../model/user-lookup.ts';
import {
  type ReadCall,
  toViewName,
  type UserAnswer,
  type UserRead,
  type UserReader,
  type UserScope,
} from '../model/user-reader.ts';
import type { UserResolver } from './remote-user-reader.ts';

type Asked = UserRead | UserKey;
type Answers = readonly UserAnswer[];

/** One read, and how its parts are asked. */
interface Question<One extends Asked> {
  readonly scope: UserScope;
  readonly ask: (part: readonly One[]) => Promise<Answers>;
  readonly call: ReadCall;
}

/**
 * Asks in parts where the service refuses the whole, and splits those again where needed.
 *
 * Halves, where the answer would exceed the size of a message: 500 whole profiles are up to 32 MB, a message
 * 4 MiB. A user that is too large alone answers `failed`, for itself only.
 *
 * Where one version is not reached, the read that the service names fails, and the others are asked in
 * halves, since more of them may be refused.
 *
 * It stands above the wire: hedging and breaker count one read, and all parts share its deadline.
 */
export function withSplitting(next: UserReader & UserResolver): UserReader & UserResolver {
  return {
    readMany: (scope, reads, call) =>
      askInParts({ scope, call, ask: (part) => next.readMany(scope, part, call) }, reads),
    resolveMany: (scope, keys, call) =>
      askInParts({ scope, call, ask: (part) => next.resolveMany(scope, part, call) }, keys),
  };
}

async function askInParts<One extends Asked>(
  question: Question<One>,
  asked: readonly One[],
): Promise<Answers> {
  try {
    return await question.ask(asked);
  } catch (error) {
    if (errorReason(error)?.reason === 'VERSION_NOT_REACHED') return await askOthers(question, asked, error);
    if (!isTooLarge(error)) throw error;
    if (asked.length === 1)
      return [{ outcome: 'failed', error: tooLargeAlone(question.scope, asked[0], error) }];
    return await askInHalves(asked, (half) => askInParts(question, half));
  }
}

/** The other reads keep their minimum versions: without them a server that lags could answer older users. */
async function askOthers<One extends Asked>(
  question: Question<One>,
  asked: readonly One[],
  error: unknown,
): Promise<Answers> {
  if (asked.length === 1) return [{ outcome: 'failed', error }];
  question.call.onAnswered?.();
  const at = asked.findIndex((one) => isNamed(one, error));
  const others = at < 0 ? asked : asked.toSpliced(at, 1);
  const answers = await askInHalves(others, (half) => askForItself(question, half));
  return at < 0 ? answers : answers.toSpliced(at, 0, { outcome: 'failed', error });
}

/**
 * Turns an error into failed answers: the service has answered the whole, so it is not down. Otherwise a
 * caller who asks for versions that do not exist, until its deadline, would make that look like an outage.
 */
async function askForItself<One extends Asked>(
  question: Question<One>,
  part: readonly One[],
): Promise<Answers> {
  try {
    return await askInParts(question, part);
  } catch (error) {
    return part.map(() => ({ outcome: 'failed', error }));
  }
}

async function askInHalves<One>(
  asked: readonly One[],
  ask: (half: readonly One[]) => Promise<Answers>,
): Promise<Answers> {
  const middle = Math.ceil(asked.length / 2);
  const halves = [asked.slice(0, middle), asked.slice(middle)].filter(({ length }) => length > 0);
  return (await Promise.all(halves.map(ask))).flat();
}

/** Whether the refusal names this read. */
function isNamed(asked: Asked, error: unknown): boolean {
  return 'id' in asked && asked.id === errorReason(error)?.metadata.id?.toLowerCase();
}

/**
 * Words of gRPC libraries for an answer that is too large. Without them and without a reason it may be a rate
 * limit, which more calls would exceed further.
 */
const TOO_LARGE = /larger than|exceeds maximum size/;

function isTooLarge(error: unknown): error is ConnectError {
  if (!(error instanceof ConnectError) || error.code !== Code.ResourceExhausted) return false;
  const reason = errorReason(error)?.reason;
  return reason === undefined ? TOO_LARGE.test(error.rawMessage) : reason === 'MESSAGE_TOO_LARGE';
}

function tooLargeAlone(
  { tenantId, view }: UserScope,
  asked: Asked | undefined,
  cause: ConnectError,
): ConnectError {
  const key = JSON.stringify(asked, ['id', 'email', 'source', 'externalId']);
  const message = `the answer about ${key} of tenant ${tenantId}, in view ${toViewName(view)}, is alone larger than a message may be: ask for a smaller view`;
  const error = new ConnectError(message, cause.code, cause.metadata, undefined, cause);
  error.details = cause.details;
  return error;
}
