import type { DescMessage, Message, MessageShape } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { createValidator, type Validator, type Violation } from '@bufbuild/protovalidate';
import { contentCheck, unmaskedRemoval } from '@rollcall/contract/request-content';
import type { Interceptor } from '../call.ts';
import { invalidField, type RpcError, runtimeError } from '../errors.ts';

/**
 * Refuses a request with content that no service takes, or that breaks the field rules of its proto file. Names the first field
 * and rule that it finds broken: looking on would be work in proportion to what is wrong. Fields that an update mask does not name
 * may break any rule; where one does, all of them are removed.
 * Cuts times to the precision that is kept. Requests of client streams are not looked at. Must be the innermost interceptor: who may not ask is not told what was wrong.
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

/** The first field rule that a message breaks which did not come as a request; undefined: none. */
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
  const told = violations.map(({ field, description }) => (field ? `${field}: ${description}` : description));
  return runtimeError('FIELD_INVALID', told.join('; '), {
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

// The patterns come from our own proto files and have no nested repetition, so the platform's engine is safe, and fast.
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
