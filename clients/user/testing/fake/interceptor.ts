import { randomUUID } from 'node:crypto';
import type { DescMethod, DescService, Message, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { ConnectError, type HandlerContext, type ServiceImpl } from '@connectrpc/connect';
import { ErrorInfoSchema } from '@rollcall/contract';
import type { Troubles } from './faults.ts';
import { checkFields } from './field-rules.ts';

/** A call that arrived. */
export interface ReceivedCall<M extends DescMethod = DescMethod> {
  readonly method: M;
  readonly request: MessageShape<M['input']>;
}

type Unary = (request: Message, context: HandlerContext) => unknown;
type Stream = (request: Message, context: HandlerContext) => AsyncIterable<unknown>;

/** Puts what every call goes through before the handlers of a service: it is noted, waits its trouble out, and is checked. */
export function guardService<S extends DescService>(
  service: S,
  handlers: Partial<ServiceImpl<S>>,
  { troubles, received }: { troubles: Troubles; received: ReceivedCall[] },
): Partial<ServiceImpl<S>> {
  async function enter(
    method: DescMethod,
    request: Message,
    ...[{ signal }]: [HandlerContext]
  ): Promise<void> {
    received.push({ method, request });
    await troubles.pass(signal, method.methodKind !== 'unary');
    await checkFields(method.input, request);
  }

  function guard(method: DescMethod, handler: unknown) {
    if (method.methodKind === 'unary')
      return (request: Message, context: HandlerContext) =>
        enter(method, request, context)
          .then(() => (handler as Unary)(request, context))
          .catch(rethrowWithRequestId);
    return async function* (request: Message, context: HandlerContext) {
      try {
        await enter(method, request, context);
        yield* (handler as Stream)(request, context);
      } catch (error) {
        rethrowWithRequestId(error);
      }
    };
  }

  const guarded = service.methods
    .filter(({ localName }) => localName in handlers)
    .map((method) => [method.localName, guard(method, handlers[method.localName as keyof typeof handlers])]);
  return Object.fromEntries(guarded) as Partial<ServiceImpl<S>>;
}

/** The real service names the line of its log in every error. */
function rethrowWithRequestId(reason: unknown): never {
  const error = ConnectError.from(reason);
  const told = new ConnectError(error.rawMessage, error.code, error.metadata, undefined, error.cause);
  told.details = error.details.map((detail) =>
    'desc' in detail && detail.desc.typeName === ErrorInfoSchema.typeName
      ? { ...detail, value: withRequestId(detail.value as MessageInitShape<typeof ErrorInfoSchema>) }
      : detail,
  );
  throw told;
}

function withRequestId({ metadata, ...info }: MessageInitShape<typeof ErrorInfoSchema>) {
  return { ...info, metadata: { ...metadata, request_id: randomUUID() } };
}
