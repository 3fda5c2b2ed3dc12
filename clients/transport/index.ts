// The door of @rollcall/transport.
export { type AnswerDecoder, withAnswerDecoder } from './call/answer-decoder.ts';
export { remainingMs, withDeadline, withoutDeadline } from './call/call-deadline.ts';
export { isCallNotSent } from './call/call-not-sent.ts';
export type { CallerToken } from './call/caller-token.ts';
export { connectErrorFromStatus } from './call/connect-error.ts';
export { errorReason, type ReasonOfError, retryDelayMs } from './call/error-reason.ts';
export {
  DEFAULT_KEEP_ALIVE_MS,
  DEFAULT_KEEP_ALIVE_TIMEOUT_MS,
  MAX_MESSAGE_BYTES,
} from './channel/channel-options.ts';
export { RETRY_POLICY, RETRY_THROTTLING } from './channel/retry-policy.ts';
export { createGrpcTransport, DEFAULT_TIMEOUT_MS, type GrpcTransport } from './grpc-transport.ts';
export { type ConnectionOptions, type OpenedTransport, openTransport } from './open-transport.ts';
export { createServiceClient, type ServiceClient } from './service-client.ts';
export { showValue } from './show-value.ts';
export { type TransportOption, TransportOptionError } from './transport-option-error.ts';
export type { GrpcTransportOptions, TlsOptions } from './transport-options.ts';
