import { type Code, ConnectError } from '@connectrpc/connect';
import { BadRequestSchema, ERROR_DOMAIN, ErrorInfoSchema, RetryInfoSchema } from '@rollcall/contract';

/** A field of a request that breaks its rule. */
export interface FieldViolation {
  /** Path of the field: `ids[3]`. */
  readonly field: string;
  /** What the rule wants. */
  readonly description: string;
}

/** What an `RpcError` carries beside its code, reason and message. */
export interface RpcErrorOptions {
  /** Every changing part of the message, so that no program has to parse it. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Fields at fault; sent as `google.rpc.BadRequest`. */
  readonly violations?: readonly FieldViolation[];
  /** How long to wait before trying again; sent as `google.rpc.RetryInfo`. Absent: waiting does not help. */
  readonly retryDelayMs?: number;
  /** What led to it; logged, never sent. */
  readonly cause?: unknown;
}

/** An error as it goes over the wire: a status code, a stable reason, a sentence for people, details for programs. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: Code;
  readonly reason: string;
  readonly options: RpcErrorOptions;

  constructor(status: { code: Code; reason: string }, message: string, options: RpcErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = status.code;
    this.reason = status.reason;
    this.options = options;
  }
}

/** The same error in Connect's form, with `google.rpc` details; both doors send this. */
export function toConnectError(error: RpcError, requestId: string): ConnectError {
  const { metadata, violations, retryDelayMs } = error.options;
  const connectError = new ConnectError(error.message, error.code, undefined, undefined, error.cause);
  connectError.details.push({
    desc: ErrorInfoSchema,
    value: {
      reason: error.reason,
      domain: ERROR_DOMAIN,
      metadata: { ...metadata, request_id: requestId },
    },
  });
  if (violations)
    connectError.details.push({
      desc: BadRequestSchema,
      value: { fieldViolations: [...violations] },
    });
  if (retryDelayMs !== undefined) {
    connectError.details.push({
      desc: RetryInfoSchema,
      value: { retryDelay: toDuration(retryDelayMs) },
    });
  }
  return connectError;
}

function toDuration(ms: number): { seconds: bigint; nanos: number } {
  return {
    seconds: BigInt(Math.floor(ms / 1000)),
    nanos: Math.round((ms % 1000) * 1e6),
  };
}
