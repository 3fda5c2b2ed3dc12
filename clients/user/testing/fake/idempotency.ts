import { type DescMessage, equals, type MessageShape } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import type { User } from '@rollcall/contract/user';
import { refusal } from './model/refusal.ts';
import { toFullView, type UserStore } from './model/user-store.ts';

/** Does something once for a request id, and answers a repeat the same. Throws REQUEST_ID_REUSED. */
export type RunOnce = <S extends DescMessage, T>(
  schema: S,
  request: MessageShape<S> & { tenantId: string; requestId: string },
  work: () => T,
) => T;

/** Does a write once for a request id, and answers a repeat with the user as it is by then. Throws REQUEST_ID_REUSED. */
export type WriteOnce = <S extends DescMessage>(
  schema: S,
  request: MessageShape<S> & { tenantId: string; requestId: string },
  work: () => User,
) => { user: User };

/** What a request id did, so that a repeat does nothing. */
interface DoneRequest {
  readonly schema: DescMessage;
  readonly request: unknown;
  readonly result: unknown;
}

/** Remembers requests, each of them by its tenant and id, whatever it is for. */
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
    requireSame(before, schema, request);
    return before.result as ReturnType<typeof work>;
  };
}

/** Writes whose answer is the user. */
export function createWriteOnce(store: UserStore, remember: RunOnce): WriteOnce {
  return (schema, request, work) => {
    const id = remember(schema, request, () => work().id);
    return { user: toFullView(store.current(request.tenantId, id) as User) };
  };
}

function requireSame(before: DoneRequest, schema: DescMessage, request: { requestId: string }): void {
  const isSame =
    before.schema.typeName === schema.typeName &&
    equals(schema, withoutCase(before.request), withoutCase(request));
  if (isSame) return;
  const message = `Request id ${request.requestId} was used before, for another request; choose a new one.`;
  throw refusal(Code.InvalidArgument, 'REQUEST_ID_REUSED', message);
}

// Ids are compared without regard to letter case; the request's own was already.
function withoutCase(request: unknown): never {
  const ids = Object.entries(request as object)
    .filter(([name]) => ['id', 'noteId', 'mergeId'].includes(name))
    .map(([name, id]) => [name, (id as string).toLowerCase()]);
  return { ...(request as object), ...Object.fromEntries(ids), requestId: '' } as never;
}
