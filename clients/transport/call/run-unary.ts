import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import {
  Code,
  ConnectError,
  type Interceptor,
  type UnaryRequest,
  type UnaryResponse,
} from '@connectrpc/connect';

/** A call, and what ends it early. */
export interface UnaryRun<I extends DescMessage, O extends DescMessage> {
  readonly request: Omit<UnaryRequest<I, O>, 'signal' | 'message'>;
  readonly message: MessageInitShape<I>;
  /** Sends it, when all interceptors have had it. */
  readonly next: (request: UnaryRequest<I, O>) => Promise<UnaryResponse<I, O>>;
  /** The first outermost. */
  readonly interceptors: readonly Interceptor[];
  /** In ms, above 0. */
  readonly timeoutMs: number;
  /** The caller's. */
  readonly signal: AbortSignal | undefined;
}

// One for all calls, as making it takes a stack trace.
const ENDED = new DOMException('the call has ended', 'AbortError');

/**
 * Runs a unary call as Connect's own `runUnaryCall`, which makes two controllers and an error for each call that goes well.
 * What that promises holds: the request's signal is aborted by the caller, the deadline, a failure, and at the end, and what
 * is thrown is a ConnectError, made of the signal's reason where that came first.
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
    // Without interceptors nobody has the signal who could want to know, or not heed it.
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

/** What `work` comes to. After the abort those who heed it have their say; one that has hung is not waited for. */
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
