// Serving calls: doors, the chain of interceptors, errors, page tokens.
export { isLoopback, listenFault } from '../listen-fault.ts';
export type { MetricReading } from '../metrics/metric-reading.ts';
export { createOutgoingCalls, type OutgoingCalls, type OutgoingState } from '../outgoing/outgoing-calls.ts';
export type { DoorCallers, Guarded } from './access-control.ts';
export type { Call, Interceptor } from './call.ts';
export { currentRequestId } from './current-call.ts';
export { databaseFault } from './database-fault.ts';
export type { PlainAnswer, PlainPost, PlainRoute } from './http/post-route.ts';
export { createLoadGauge, type LoadGauge } from './interceptors/load-gauge.ts';
export { REQUEST_ID_HEADER } from './interceptors/with-request-id.ts';
export { type CallClass, SHED_FROM, withShedding } from './interceptors/with-shedding.ts';
export { fieldRuleFault } from './interceptors/with-validation.ts';
export { MAX_MESSAGE_BYTES } from './limits.ts';
export type { OpenDoor } from './listening-server.ts';
export { type MessageWriter, writeMessage } from './message-writer.ts';
export { PreparedAnswer } from './prepared-answer.ts';
export { invalidField, RUNTIME_REASONS, type RuntimeReason, runtimeError } from './reasons.ts';
export {
  isUuid,
  requireStorable,
  requireUuid,
  requireVisible,
  SHOWS_NOTHING,
} from './requests/field-faults.ts';
export {
  type AskedPage,
  type PageRequest,
  pageByPosition,
  pageFromRequest,
} from './requests/page-request.ts';
export { isTimePosition, type PageTokens, pageTokens, type TimePosition } from './requests/page-token.ts';
export { fingerprintOf, type NamedWrite, writeRequest } from './requests/write-request.ts';
export { type Implementation, implementService, type Route } from './route.ts';
export { type FieldViolation, RpcError, type RpcErrorOptions } from './rpc-error.ts';
export { type DoorsOptions, type OpenDoors, openDoors } from './start-servers.ts';
