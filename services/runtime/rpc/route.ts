import type { DescMethod, DescService, MessageShape } from '@bufbuild/protobuf';
import { type Call, type Handler, type Interceptor, methodPath, type PreparedAnswer } from './call.ts';
import { runtimeError } from './errors.ts';

/** A method and its handler. */
export interface Route {
  readonly method: DescMethod;
  readonly handle: Handler;
}

type Input<M extends DescMethod> = M['methodKind'] extends 'unary' | 'server_streaming'
  ? MessageShape<M['input']>
  : AsyncIterable<MessageShape<M['input']>>;

type Output<M extends DescMethod> = M['methodKind'] extends 'unary' | 'client_streaming'
  ? Promise<MessageShape<M['output']> | PreparedAnswer<MessageShape<M['output']>>>
  : AsyncIterable<MessageShape<M['output']>>;

/** Handler functions of a service, by method. A method without one answers UNIMPLEMENTED. */
export type Implementation<S extends DescService> = {
  readonly [K in keyof S['method']]?: (request: Input<S['method'][K]>, call: Call) => Output<S['method'][K]>;
};

/** Creates the routes of a service, each behind the chain of interceptors, outermost first. */
export function implementService<S extends DescService>(
  service: S,
  implementation: Implementation<S>,
  chain: readonly Interceptor[],
): Route[] {
  return service.methods.map((method) => {
    const impl = implementation[method.localName as keyof S['method']] as LooseMethod | undefined;
    const handler = impl ? toHandler(method, impl) : refuse(method);
    return {
      method,
      handle: chain.reduceRight((next, wrap) => wrap(next, method), handler),
    };
  });
}

// The types above tie each method to its messages; the servers treat all messages alike.
// biome-ignore lint/suspicious/noExplicitAny: see above
type LooseMethod = (request: any, call: Call) => any;

function toHandler(method: DescMethod, impl: LooseMethod): Handler {
  switch (method.methodKind) {
    case 'unary':
      return async (call) => call.send(await impl(call.request, call));
    case 'client_streaming':
      return async (call) => call.send(await impl(call.requests, call));
    case 'server_streaming':
      return async (call) => sendAll(call, impl(call.request, call));
    case 'bidi_streaming':
      return async (call) => sendAll(call, impl(call.requests, call));
  }
}

async function sendAll(
  call: Call,
  messages: AsyncIterable<MessageShape<DescMethod['output']>>,
): Promise<void> {
  for await (const message of messages) {
    call.signal.throwIfAborted();
    await call.send(message);
  }
  // The generator may have ended because the call was aborted.
  call.signal.throwIfAborted();
}

function refuse(method: DescMethod): Handler {
  return async () => {
    throw runtimeError(
      'NOT_IMPLEMENTED',
      `${methodPath(method)} is not implemented by this version of the service.`,
      {
        metadata: { method: methodPath(method) },
      },
    );
  };
}
