import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import {
  Code,
  ConnectError,
  type Interceptor,
  type UnaryRequest,
  type UnaryResponse,
} from '@connectrpc/connect';

/** A unary call with its interceptors, deadline and signal. */
interface UnaryRun<I extends DescMessage, O extends DescMessage> {
  readonly request: Omit<UnaryRequest<I, O>, 'signal' | 'message'>;
  readonly message: MessageInitShape<I>;
  /** Sends the request, after all interceptors. */
  readonly next: (request: UnaryRequest<I, O>) => Promise<UnaryResponse<I, O>>;
  /** In order; the first is the outermost. */
  readonly interceptors: readonly Interceptor[];
  /** Milliseconds, above 0. */
  readonly timeoutMs: number;
  /** The caller's signal. */
  readonly signal: AbortSignal | undefined;
}

// Shared by all calls, because creating it captures a stack trace.
const ENDED = new DOMException('the call has ended', 'AbortError');

/**
 * Runs a unary call like Connect's `runUnaryCall`, which creates two controllers and an error for each
 * successful call. Its guarantees hold: the signal of the request aborts on the caller's abort, the deadline,
 * a failure and the end of the call. Every error is a ConnectError, made from the signal's reason when that
 * came first.
 */
export async function runUnary<I extends DescMessage, O extends DescMessage>(
  run: UnaryRun<I, O>,
): Promise<UnaryResponse<I, O>> {
  const { interceptors, signal: outer } = run;
  const controller = new AbortController();
  const { signal } = controller;
  const timer = setTimeout(() => controller.abort(timedOut()), run.timeoutMs);
  const follow = () => controller.abort(outer?.reason);
  if (outer?.aborted) follow();
  outer?.addEventListener('abort', follow);
  try {
    const message = create(run.request.method.input, run.message);
    const request = { ...run.request, message, signal };
    // Only interceptors read the signal after the call, or ignore it.
    if (interceptors.length === 0) return await run.next(request);
    const answer = await unlessAborted(intercept(run.next, interceptors)(request), signal);
    controller.abort(ENDED);
    return answer;
  } catch (reason) {
    const error = signal.aborted
      ? ConnectError.from(signal.reason, Code.Canceled)
      : ConnectError.from(reason);
    controller.abort(error);
    throw error;
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', follow);
  }
}

function intercept<I extends DescMessage, O extends DescMessage>(
  next: UnaryRun<I, O>['next'],
  interceptors: readonly Interceptor[],
): UnaryRun<I, O>['next'] {
  return interceptors.reduceRight((inner, each) => each(inner as never) as never, next);
}

/** The result of `work`. After an abort it has one turn to settle; then the wait ends. */
function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abandon = () => setImmediate(reject, signal.reason);
    work.then(resolve, reject);
    if (signal.aborted) abandon();
    else signal.addEventListener('abort', abandon, { once: true });
  });
}

function timedOut(): ConnectError {
  return new ConnectError('the operation timed out', Code.DeadlineExceeded);
}
