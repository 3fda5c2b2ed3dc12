import type { DescMethodUnary } from '@bufbuild/protobuf';
import { Code, ConnectError, type Transport } from '@connectrpc/connect';
import {
  type Attributes,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { UserView } from '@rollcall/contract/user';
import { errorReason } from '@rollcall/transport';
import { type BatchSent, publish } from '../model/diagnostics.ts';
import type { ClientMetrics } from './client-metrics.ts';

/** The tracer and metrics that calls are recorded by. */
interface CallTelemetry {
  /** Absent: no spans, and no trace is propagated. */
  readonly tracer: Tracer | undefined;
  /** Absent: no metrics. */
  readonly metrics: ClientMetrics | undefined;
  /** Attributes of every call: the system, and the server where it is known. */
  readonly attributes: Attributes;
}

/**
 * Records every unary call: a CLIENT span, whose trace travels in the headers, metrics, and diagnostics
 * channels. It stands above the wire, so that a probe and a hedge have spans of their own. Streams live for
 * days and are not recorded. A batch is a child of the span that was active when it was started, which is
 * that of its first caller.
 *
 * No personal data: a span has the tenant and the number of ids, and no id; of an error its status and
 * reason, and not its message, which may name a user.
 */
export function withCallTelemetry(next: Transport, telemetry: CallTelemetry): Transport {
  return {
    stream: (...call) => next.stream(...call),
    async unary(method, signal, timeoutMs, header, message, contextValues) {
      const sent = toBatchSent(method, message);
      const recorded = startCall(telemetry, `${method.parent.typeName}/${method.name}`, sent);
      try {
        const answer = await recorded.within((headers) =>
          next.unary(method, signal, timeoutMs, withHeaders(header, headers), message, contextValues),
        );
        recorded.end();
        return answer;
      } catch (error) {
        recorded.end(error);
        throw error;
      }
    },
  };
}

function startCall({ tracer, metrics, attributes }: CallTelemetry, rpcMethod: string, sent: BatchSent) {
  const startedAtMs = performance.now();
  const known = { ...attributes, 'rpc.method': rpcMethod };
  const span = tracer?.startSpan(rpcMethod, { kind: SpanKind.CLIENT, attributes: known });
  if (span?.isRecording()) span.setAttributes(toSpanAttributes(sent));
  metrics?.batchSize.record(sent.size, { 'rpc.method': rpcMethod });
  publish('rollcall:user-client:batch:sent', () => sent);
  return {
    within: <Result>(call: (headers: Record<string, string>) => Promise<Result>) => callWithin(span, call),
    end(error?: unknown) {
      const durationMs = performance.now() - startedAtMs;
      const ended = toEndAttributes(error);
      if (span !== undefined) endSpan(span, ended, error);
      metrics?.callDuration.record(durationMs / 1000, { ...known, ...ended });
      publish('rollcall:user-client:batch:answered', () => ({
        sent,
        durationMs,
        status: ended['rpc.response.status_code'],
        ...(error !== undefined && { error }),
      }));
    },
  };
}

/**
 * Runs the call with the span active, and puts its trace into the headers where the process has a propagator.
 */
function callWithin<Result>(
  span: Span | undefined,
  call: (headers: Record<string, string>) => Promise<Result>,
): Promise<Result> {
  if (span === undefined) return call({});
  const inner = trace.setSpan(context.active(), span);
  const headers: Record<string, string> = {};
  propagation.inject(inner, headers);
  return context.with(inner, () => call(headers));
}

type Header = Parameters<Transport['unary']>[3];

function withHeaders(header: Header, added: Record<string, string>): Header {
  const entries = Object.entries(added);
  if (entries.length === 0) return header;
  const headers = new Headers(header);
  for (const [name, value] of entries) headers.set(name, value);
  return headers;
}

function endSpan(span: Span, ended: Attributes, error: unknown): void {
  if (span.isRecording()) {
    const reason = errorReason(error)?.reason;
    span.setAttributes(reason === undefined ? ended : { ...ended, 'rollcall.error.reason': reason });
    if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

/** The message of a call's sending. */
function toBatchSent(method: DescMethodUnary, message: unknown): BatchSent {
  const { tenantId = '', view = UserView.UNSPECIFIED, ids, keys } = message as Partial<BatchSent> & Batch;
  return { method: method.name, tenantId, view, size: (ids ?? keys ?? []).length };
}

interface Batch {
  readonly ids?: readonly unknown[];
  readonly keys?: readonly unknown[];
}

const VIEW_NAMES = new Map<UserView, string>(Object.entries(UserView).map(([name, view]) => [view, name]));

function toSpanAttributes({ tenantId, view, size }: BatchSent): Attributes {
  return {
    'rollcall.tenant.id': tenantId,
    'rollcall.user.view': VIEW_NAMES.get(view) ?? '',
    'rollcall.user_client.batch.size': size,
  };
}

/** Attributes of the end of a call, in OpenTelemetry's conventions. `error` undefined: it succeeded. */
function toEndAttributes(error: unknown) {
  const status = error === undefined ? 'OK' : statusOf(error);
  return { 'rpc.response.status_code': status, ...(error !== undefined && { 'error.type': status }) };
}

/** The status in gRPC's spelling: DEADLINE_EXCEEDED. */
function statusOf(error: unknown): string {
  const code = error instanceof ConnectError ? error.code : Code.Unknown;
  if (code === Code.Canceled) return 'CANCELLED';
  return Code[code].replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
}
