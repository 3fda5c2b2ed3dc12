import type { DescMessage, Message, MessageShape } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { createValidator, type Validator, type Violation } from '@bufbuild/protovalidate';
import { contentCheck, unmaskedRemoval } from '@rollcall/contract/request-content';
import type { Interceptor } from '../call.ts';
import { invalidField, type RpcError, runtimeError } from '../errors.ts';

/**
 * Refuses a request that breaks the field rules of its proto file or holds content that no service accepts.
 * Reports the first broken rule only, so that the cost does not grow with the number of faults. Fields
 * outside an update mask may break any rule and are removed then. Cuts times to the stored precision. Does
 * not check requests of client streams. Must stand behind authorisation, so that a caller without a grant
 * does not learn which rule was broken.
 */
export function withValidation(): Interceptor {
  const validator = createRuleValidator();
  return (next, { input, methodKind }) => {
    if (methodKind === 'client_streaming' || methodKind === 'bidi_streaming') return next;
    const contentFaultOf = contentCheck(input);
    const removeUnmasked = unmaskedRemoval(input);
    const faultOf = (request: Message) => {
      const found = contentFaultOf(request);
      return found ? invalidField(found.field, found.description) : check(validator, input, request);
    };
    return (call) => {
      const fault = faultOf(call.request);
      if (!fault) return next(call);
      removeUnmasked?.(call.request);
      return removeUnmasked && !faultOf(call.request) ? next(call) : Promise.reject(fault);
    };
  };
}

let own: Validator | undefined;

/** The first field rule that a message outside of a request breaks. Undefined: none. */
export function fieldRuleFault<S extends DescMessage>(
  schema: S,
  message: MessageShape<S>,
): RpcError | undefined {
  own ??= createRuleValidator();
  return check(own, schema, message);
}

function createRuleValidator(): Validator {
  return createValidator({ failFast: true, regexMatch: matchOwnPattern() });
}

function check(
  validator: Validator,
  ...[schema, message]: Parameters<Validator['validate']>
): RpcError | undefined {
  const result = validator.validate(schema, message);
  if (result.kind === 'valid') return undefined;
  if (result.kind === 'error') throw result.error;
  const violations = result.violations.map(toFieldViolation);
  const texts = violations.map(({ field, description }) =>
    field ? `${field}: ${description}` : description,
  );
  return runtimeError('FIELD_INVALID', texts.join('; '), {
    violations,
    metadata: { fields: violations.map(({ field }) => field).join(',') },
  });
}

function toFieldViolation(violation: Violation) {
  return {
    field: pathToString(violation.field),
    description: violation.message,
  };
}

// The patterns come from our own proto files and have no nested repetition, so JavaScript's engine is safe
// and fast.
function matchOwnPattern(): (pattern: string, against: string) => boolean {
  const compiled = new Map<string, RegExp>();
  return (pattern, against) => {
    let regExp = compiled.get(pattern);
    if (!regExp) {
      regExp = new RegExp(pattern, 'u');
      compiled.set(pattern, regExp);
    }
    return regExp.test(against);
  };
}
