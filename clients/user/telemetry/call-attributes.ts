import type { DescMethodUnary } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import type { Attributes } from '@opentelemetry/api';
import { UserView } from '@rollcall/contract/user';
import type { BatchSent } from '../model/diagnostics.ts';

/** What a call asks for, in numbers. */
export function toBatchSent(method: DescMethodUnary, message: unknown): BatchSent {
  const { tenantId = '', view = UserView.UNSPECIFIED, ids, keys } = message as Partial<BatchSent> & Batch;
  return { method: method.name, tenantId, view, size: (ids ?? keys ?? []).length };
}

interface Batch {
  readonly ids?: readonly unknown[];
  readonly keys?: readonly unknown[];
}

const VIEW_NAMES = new Map<UserView, string>(Object.entries(UserView).map(([name, view]) => [view, name]));

/** What a span says of it. */
export function toSpanAttributes({ tenantId, view, size }: BatchSent): Attributes {
  return {
    'rollcall.tenant.id': tenantId,
    'rollcall.user.view': VIEW_NAMES.get(view) ?? '',
    'rollcall.user_client.batch.size': size,
  };
}

/** How it ended, by the conventions of OpenTelemetry. `error` undefined: well. */
export function toEndAttributes(error: unknown) {
  const status = error === undefined ? 'OK' : statusOf(error);
  return { 'rpc.response.status_code': status, ...(error !== undefined && { 'error.type': status }) };
}

/** As gRPC spells it: DEADLINE_EXCEEDED. */
function statusOf(error: unknown): string {
  const code = error instanceof ConnectError ? error.code : Code.Unknown;
  if (code === Code.Canceled) return 'CANCELLED';
  return Code[code].replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
}
