import { Code, ConnectError } from '@connectrpc/connect';
import { BadRequestSchema, ERROR_DOMAIN, ErrorInfoSchema, RetryInfoSchema } from '@rollcall/contract';

/**
 * Reasons for which the runtime itself ends a call, with their status codes. Named as in
 * `rollcall.user.v1.ErrorReason`.
 */
export const RUNTIME_REASONS = {
  FIELD_INVALID: Code.InvalidArgument,
  MESSAGE_MALFORMED: Code.InvalidArgument,
  PAGE_TOKEN_INVALID: Code.InvalidArgument,
  MESSAGE_TOO_LARGE: Code.ResourceExhausted,
  CALLER_UNKNOWN: Code.Unauthenticated,
  NOT_GRANTED: Code.PermissionDenied,
  RATE_LIMITED: Code.ResourceExhausted,
  OVERLOADED: Code.Unavailable,
  DRAINING: Code.Unavailable,
  DATABASE_UNAVAILABLE: Code.Unavailable,
  // Not UNAVAILABLE: clients would retry at once and treat it as a full outage, although reads still work.
  DATABASE_FULL: Code.ResourceExhausted,
  DATABASE_READ_ONLY: Code.Unavailable,
  DEADLINE_EXCEEDED: Code.DeadlineExceeded,
  CANCELLED: Code.Canceled,
  NOT_IMPLEMENTED: Code.Unimplemented,
  SERVICE_UNKNOWN: Code.NotFound,
  INTERNAL: Code.Internal,
} as const satisfies Record<string, Code>;

/** A key of `RUNTIME_REASONS`. */
export type RuntimeReason = keyof typeof RUNTIME_REASONS;

/**
 * Creates an error for a field that breaks a rule which the proto file cannot express. `description` follows
 * the name of the field.
 */
export function invalidField(field: string, description: string): RpcError {
  return runtimeError('FIELD_INVALID', `${field} ${description}.`, {
    violations: [{ field, description }],
    metadata: { fields: field },
  });
}

/** Creates an error of the runtime. */
export function runtimeError(reason: RuntimeReason, message: string, options?: RpcErrorOptions): RpcError {
  return new RpcError({ code: RUNTIME_REASONS[reason], reason }, message, options);
}

/** A field of a request that breaks a rule. */
export interface FieldViolation {
  /** Path of the field: `ids[3]`. */
  readonly field: string;
  /** The rule, following the name of the field. */
  readonly description: string;
}

/** Details of an `RpcError` besides its code, reason and message. */
export interface RpcErrorOptions {
  /** Every variable part of the message, so that programs do not parse it. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Fields that break a rule. Sent as `google.rpc.BadRequest`. */
  readonly violations?: readonly FieldViolation[];
  /**
   * Time until the caller may retry. Milliseconds. Sent as `google.rpc.RetryInfo`. Absent: retrying does not
   * help.
   */
  readonly retryDelayMs?: number;
  /** The error that caused it. Logged, never sent. */
  readonly cause?: unknown;
}

/** An error for the caller: a status code, a stable reason, a sentence for people, details for programs. */
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

// Errors travel in headers, which peers limit: a longer one closes the connection with every other call on
// it.
const MAX_MESSAGE_CHARS = 1000;
const MAX_VALUE_CHARS = 200;

/**
 * Converts an error to Connect's form with `google.rpc` details, which both servers send. Long texts are cut.
 */
export function toConnectError(error: RpcError, requestId: string): ConnectError {
  const { metadata, violations, retryDelayMs } = error.options;
  const connectError = new ConnectError(
    cut(error.message, MAX_MESSAGE_CHARS),
    error.code,
    undefined,
    undefined,
    error.cause,
  );
  connectError.details.push({
    desc: ErrorInfoSchema,
    value: {
      reason: error.reason,
      domain: ERROR_DOMAIN,
      metadata: { ...cutValues(metadata), request_id: requestId },
    },
  });
  if (violations)
    connectError.details.push({
      desc: BadRequestSchema,
      value: {
        fieldViolations: violations.map(({ field, description }) => ({
          field: cut(field),
          description: cut(description, MAX_MESSAGE_CHARS),
        })),
      },
    });
  if (retryDelayMs !== undefined) {
    connectError.details.push({
      desc: RetryInfoSchema,
      value: { retryDelay: toDuration(retryDelayMs) },
    });
  }
  return connectError;
}

function cut(text: string, length = MAX_VALUE_CHARS): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

function cutValues(values: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, cut(value)]));
}

function toDuration(ms: number): { seconds: bigint; nanos: number } {
  return {
    seconds: BigInt(Math.floor(ms / 1000)),
    nanos: Math.round((ms % 1000) * 1e6),
  };
}
