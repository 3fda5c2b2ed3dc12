import { type DescMessage, equals, type MessageShape } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import type { User } from '@rollcall/contract/user';
import { refusal } from './refusal.ts';
import { inFull, type UserStore } from './user-store.ts';

/** Does a write once for a request id, and answers a repeat with the user as it is by then. Throws REQUEST_ID_REUSED. */
export type Once = <S extends DescMessage>(
  schema: S,
  request: MessageShape<S> & { tenantId: string; requestId: string },
  work: () => User,
) => { user: User };

/** What a request id did, so that a repeat does nothing. */
interface DoneRequest {
  readonly schema: DescMessage;
  readonly request: unknown;
  readonly userId: string;
}

/** Remembers the requests of all writes on one store. */
export function rememberRequests(store: UserStore): Once {
  const done = new Map<string, DoneRequest>();
  return (schema, request, work) => {
    const key = `${request.tenantId}/${request.requestId.toLowerCase()}`;
    const before = request.requestId === '' ? undefined : done.get(key);
    if (before === undefined) {
      const user = work();
      done.set(key, { schema, request, userId: user.id });
      return { user: inFull(user) };
    }
    if (
      before.schema.typeName !== schema.typeName ||
      !equals(schema, withoutCase(before.request), withoutCase(request))
    ) {
      const message = `Request id ${request.requestId} was used before, for another request; choose a new one.`;
      throw refusal(Code.InvalidArgument, 'REQUEST_ID_REUSED', message);
    }
    return { user: inFull(store.current(request.tenantId, before.userId) as User) };
  };
}

// Ids are compared without regard to letter case; the request's own was already.
function withoutCase(request: unknown): never {
  const { id } = request as { id?: string };
  return { ...(request as object), requestId: '', ...(id && { id: id.toLowerCase() }) } as never;
}
