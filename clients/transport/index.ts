// Public API of @rollcall/transport: a Connect transport over grpc-js, and typed clients over it.

export { remainingMs, withDeadline, withoutDeadline } from './call/call-deadline.ts';
export {
  connectErrorFromStatus,
  errorReason,
  isCallNotSent,
  type ReasonOfError,
  retryDelayMs,
} from './call/call-errors.ts';
export type { CallerToken } from './call/caller-token.ts';
export { type AnswerDecoder, withAnswerDecoder } from './call/wire.ts';
export {
  DEFAULT_KEEP_ALIVE_MS,
  DEFAULT_KEEP_ALIVE_TIMEOUT_MS,
  MAX_MESSAGE_BYTES,
  RETRY_POLICY,
  RETRY_THROTTLING,
} from './channel/channel-options.ts';
export { createGrpcTransport, DEFAULT_TIMEOUT_MS, type GrpcTransport } from './grpc-transport.ts';
export {
  type ConnectionOptions,
  createServiceClient,
  type OpenedTransport,
  openTransport,
  type ServiceClient,
} from './open-transport.ts';
export { showValue } from './show-value.ts';
export type { GrpcTransportOptions, TlsOptions } from './transport-options.ts';
export { type TransportOption, TransportOptionError } from './transport-options.ts';
