// Serving calls: doors, the chain of interceptors, errors, page tokens.
export { isLoopback, listenFault } from './listen-fault.ts';
export type { MetricReading } from './metric-reading.ts';
export { isTimePosition, type PageTokens, pageTokens, type TimePosition } from './page-token.ts';
export type { Call, Interceptor } from './rpc/call.ts';
export { currentRequestId } from './rpc/current-call.ts';
export type { DoorCallers, Guarded } from './rpc/door-callers.ts';
export { REQUEST_ID_HEADER } from './rpc/interceptors/with-request-id.ts';
export { type CallClass, SHED_FROM, withShedding } from './rpc/interceptors/with-shedding.ts';
export { MAX_MESSAGE_BYTES } from './rpc/limits.ts';
export { createLoadGauge, type LoadGauge } from './rpc/load-gauge.ts';
export type { OpenDoor } from './rpc/open-door.ts';
export { type MessageWriter, writeMessage } from './rpc/message-writer.ts';
export { type DoorsOptions, type OpenDoors, openDoors } from './rpc/open-doors.ts';
export type { PlainAnswer, PlainPost, PlainRoute } from './rpc/plain-route.ts';
export { PreparedAnswer } from './rpc/prepared-answer.ts';
export { invalidField, RUNTIME_REASONS, type RuntimeReason, runtimeError } from './rpc/reasons.ts';
export { type Implementation, implementService, type Route } from './rpc/route.ts';
export { type FieldViolation, RpcError, type RpcErrorOptions } from './rpc/rpc-error.ts';
