import { isMessage } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import type { Interceptor, UnaryResponse } from '@connectrpc/connect';
import { UserAdminService, UserSchema } from '@rollcall/contract/user';
import { SEEN_HEADER } from './seen-header.ts';
import { recordSeenHeader, recordWrittenUser, seenHeader } from './version-context.ts';

/**
 * A Connect interceptor for a transport or client. Calls carry the versions that their context has seen, and
 * the context records those of the answers: the header of another service, and the users that a write of
 * UserAdminService answers. Outside a context it does nothing.
 */
export const carrySeenVersions: Interceptor = (next) => async (request) => {
  const header = seenHeader();
  if (header !== undefined) request.header.set(SEEN_HEADER, header);
  const response = await next(request);
  recordSeenHeader(response.header);
  if (!response.stream) recordWrites(response);
  return response;
};

function recordWrites({ method, message }: UnaryResponse): void {
  if (method.parent.typeName !== UserAdminService.typeName) return;
  if (method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS) return;
  for (const field of Object.values(message)) {
    // A user without id or tenant cannot be recorded. The write succeeded all the same.
    if (isMessage(field, UserSchema) && field.tenantId !== '' && field.id !== '') recordWrittenUser(field);
  }
}
