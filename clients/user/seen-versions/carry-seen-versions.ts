import { isMessage } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import type { Interceptor, UnaryResponse } from '@connectrpc/connect';
import { UserAdminService, UserSchema } from '@rollcall/contract/user';
import { SEEN_HEADER } from './seen-header.ts';
import { recordSeenHeader, recordWrittenUser, seenHeader } from './version-context.ts';

/**
 * Connect interceptor for `interceptors` of a transport or client: calls carry what their context has seen, and what their
 * answers say is noted in it: the header of another service, and the users that a write of UserAdminService answers.
 * Outside a context it changes nothing.
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
    // A service may leave out what is to be noted; its write went well all the same.
    if (isMessage(field, UserSchema) && field.tenantId !== '' && field.id !== '') recordWrittenUser(field);
  }
}
