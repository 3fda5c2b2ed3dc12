// Runs before the handler of every call: records it, applies faults, and validates the request.

import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import type {
  DescMessage,
  DescMethod,
  DescService,
  Message,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import type { Validator } from '@bufbuild/protovalidate';
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from '@connectrpc/connect';
import { ErrorInfoSchema } from '@rollcall/contract';
import { contentCheck, unmaskedRemoval } from '@rollcall/contract/request-content';
import type { Faults } from './faults.ts';
import { invalidField, refusal } from './model/refusal.ts';

/** A call that the fake received. */
export interface ReceivedCall<M extends DescMethod = DescMethod> {
  readonly method: M;
  readonly request: MessageShape<M['input']>;
}

type Unary = (request: Message, context: HandlerContext) => unknown;
type Stream = (request: Message, context: HandlerContext) => AsyncIterable<unknown>;

/**
 * Wraps the handlers of a service: each call is recorded, delayed or failed by the present faults, and
 * validated.
 */
export function interceptService<S extends DescService>(
  service: S,
  handlers: Partial<ServiceImpl<S>>,
  { faults, received }: { faults: Faults; received: ReceivedCall[] },
): Partial<ServiceImpl<S>> {
  async function receive(
    method: DescMethod,
    request: Message,
    ...[{ signal }]: [HandlerContext]
  ): Promise<void> {
    received.push({ method, request });
    await faults.apply(signal, method.methodKind !== 'unary');
    await checkFields(method.input, request);
  }

  function guard(method: DescMethod, handler: unknown) {
    if (method.methodKind === 'unary')
      return (request: Message, context: HandlerContext) =>
        receive(method, request, context)
          .then(() => (handler as Unary)(request, context))
          .catch(rethrowWithRequestId);
    return async function* (request: Message, context: HandlerContext) {
      try {
        await receive(method, request, context);
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

/** Adds a request id to the error, as the real service does. */
function rethrowWithRequestId(reason: unknown): never {
  const error = ConnectError.from(reason);
  const named = new ConnectError(error.rawMessage, error.code, error.metadata, undefined, error.cause);
  named.details = error.details.map((detail) =>
    'desc' in detail && detail.desc.typeName === ErrorInfoSchema.typeName
      ? { ...detail, value: withRequestId(detail.value as MessageInitShape<typeof ErrorInfoSchema>) }
      : detail,
  );
  throw named;
}

function withRequestId({ metadata, ...info }: MessageInitShape<typeof ErrorInfoSchema>) {
  return { ...info, metadata: { ...metadata, request_id: randomUUID() } };
}

/**
 * Checks that the validator of field rules is installed. Tests need it, and clients do not.
 * @throws Error when it is not
 */
export function requireValidator(): void {
  try {
    createRequire(import.meta.url).resolve('@bufbuild/protovalidate');
  } catch (cause) {
    const cure = 'npm install --save-dev @bufbuild/protovalidate';
    throw new Error(`The fake user service checks requests as the real one does; it needs: ${cure}`, {
      cause,
    });
  }
}

let validator: Promise<Validator> | undefined;

/**
 * Checks a request against the rules of all fields and of its proto file, as the real service does.
 * @throws ConnectError FIELD_INVALID for the first field that breaks a rule
 */
async function checkFields(schema: DescMessage, message: Message): Promise<void> {
  const fault = await findFault(schema, message);
  if (!fault) return;
  const removeUnmasked = unmaskedRemoval(schema);
  removeUnmasked?.(message);
  if (!removeUnmasked || (await findFault(schema, message))) throw fault;
}

async function findFault(schema: DescMessage, message: Message): Promise<ConnectError | undefined> {
  const fault = contentCheck(schema)(message);
  if (fault) return invalidField(fault.field, fault.description);
  validator ??= import('@bufbuild/protovalidate').then(({ createValidator }) =>
    createValidator({ failFast: true }),
  );
  const result = (await validator).validate(schema, message);
  if (result.kind === 'error') throw result.error;
  return result.kind === 'invalid' ? toRefusal(result.violations) : undefined;
}

function toRefusal(
  violations: readonly { field: Parameters<typeof pathToString>[0]; message: string }[],
): ConnectError {
  const fieldViolations = violations.map(({ field, message }) => ({
    field: pathToString(field),
    description: message,
  }));
  const text = fieldViolations.map(({ field, description }) => `${field}: ${description}`).join('; ');
  return refusal(Code.InvalidArgument, 'FIELD_INVALID', text, { fieldViolations });
}
