import { type DescMessage, equals, type MessageShape } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import type { User } from '@rollcall/contract/user';
import { refusal } from './model/refusal.ts';
import { toFullView, type UserStore } from './model/user-store.ts';

/**
 * Runs work once per request id. A repeat returns the first result.
 * @throws ConnectError REQUEST_ID_REUSED when the id had another request
 */
export type RunOnce = <S extends DescMessage, T>(
  schema: S,
  request: MessageShape<S> & { tenantId: string; requestId: string },
  work: () => T,
) => T;

/**
 * Runs a write once per request id. A repeat returns the present user.
 * @throws ConnectError REQUEST_ID_REUSED when the id had another request
 */
export type WriteOnce = <S extends DescMessage>(
  schema: S,
  request: MessageShape<S> & { tenantId: string; requestId: string },
  work: () => User,
) => { user: User };

/** The request and the result of a request id. */
interface DoneRequest {
  readonly schema: DescMessage;
  readonly request: unknown;
  readonly result: unknown;
}

/** Creates a memory of requests by tenant and request id, across methods. */
export function createRunOnce(): RunOnce {
  const done = new Map<string, DoneRequest>();
  return (schema, request, work) => {
    if (request.requestId === '') return work();
    const key = `${request.tenantId}/${request.requestId.toLowerCase()}`;
    const before = done.get(key);
    if (before === undefined) {
      const result = work();
      done.set(key, { schema, request, result });
      return result;
    }
    requireEqualRequest(before, schema, request);
    return before.result as ReturnType<typeof work>;
  };
}

/** Creates a `WriteOnce` over a `RunOnce`. */
export function createWriteOnce(store: UserStore, runOnce: RunOnce): WriteOnce {
  return (schema, request, work) => {
    const id = runOnce(schema, request, () => work().id);
    return { user: toFullView(store.current(request.tenantId, id) as User) };
  };
}

function requireEqualRequest(before: DoneRequest, schema: DescMessage, request: { requestId: string }): void {
  const isSame =
    before.schema.typeName === schema.typeName &&
    equals(schema, toLowerCaseIds(before.request), toLowerCaseIds(request));
  if (isSame) return;
  const message = `Request id ${request.requestId} was used before, for another request; choose a new one.`;
  throw refusal(Code.InvalidArgument, 'REQUEST_ID_REUSED', message);
}

// Ids are compared in lower case. The request id already was.
function toLowerCaseIds(request: unknown): never {
  const ids = Object.entries(request as object)
    .filter(([name]) => ['id', 'noteId', 'mergeId'].includes(name))
    .map(([name, id]) => [name, (id as string).toLowerCase()]);
  return { ...(request as object), ...Object.fromEntries(ids), requestId: '' } as never;
}
