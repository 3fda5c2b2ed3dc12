// Public API of @rollcall/runtime/rpc: servers, the chain of interceptors, errors, pages, idempotency.

export type { MetricReading } from '../metrics/metrics.ts';
export { createOutgoingCalls, type OutgoingCalls, type OutgoingState } from '../metrics/outgoing-calls.ts';
export type { AccessControl, Guarded } from './access-control.ts';
export type { Call, Interceptor } from './call.ts';
export { currentRequestId, PreparedAnswer } from './call.ts';
export { databaseFault } from './database-fault.ts';
export {
  type FieldViolation,
  invalidField,
  RpcError,
  type RpcErrorOptions,
  RUNTIME_REASONS,
  type RuntimeReason,
  runtimeError,
} from './errors.ts';
export type { HttpAnswer, PostRequest, PostRoute } from './http/plain-routes.ts';
export { REQUEST_ID_HEADER } from './interceptors/with-request-id.ts';
export {
  type CallClass,
  createLoadGauge,
  type LoadGauge,
  SHED_FROM,
  withShedding,
} from './interceptors/with-shedding.ts';
export { fieldRuleFault } from './interceptors/with-validation.ts';
export type { ListeningServer } from './listening-server.ts';
export { isLoopback, listenFault, MAX_MESSAGE_BYTES } from './listening-server.ts';
export { type MessageWriter, writeMessage } from './message-writer.ts';
export {
  isUuid,
  requireStorable,
  requireUuid,
  requireVisible,
  SHOWS_NOTHING,
} from './requests/field-faults.ts';
export { fingerprintOf, type NamedWrite, writeRequest } from './requests/idempotency.ts';
export {
  isTimePosition,
  type PageRequest,
  type PageTokens,
  pageByPosition,
  pageFromRequest,
  pageTokens,
  type RequestedPage,
  type TimePosition,
} from './requests/pages.ts';
export { type Implementation, implementService, type Route } from './route.ts';
export { type ListeningServers, type ServersOptions, startServers } from './start-servers.ts';
