import { pathToString } from '@bufbuild/protobuf/reflect';
import { createValidator, type Validator, type Violation } from '@bufbuild/protovalidate';
import type { Interceptor } from '../call.ts';
import { runtimeError } from '../reasons.ts';
import type { RpcError } from '../rpc-error.ts';

/**
 * Refuses a request that breaks the field rules written in its proto file, naming the first field and rule that it finds
 * broken: looking on would be work in proportion to what is wrong. Requests of client streams are not looked at. Must be the
 * innermost interceptor: who may not ask is not told what was wrong.
 */
export function withValidation(): Interceptor {
  const validator = createValidator({ failFast: true, regexMatch: matchOwnPattern() });
  return (next) => (call) => {
    const streams =
      call.method.methodKind === 'client_streaming' || call.method.methodKind === 'bidi_streaming';
    const fault = streams ? undefined : check(validator, call.method.input, call.request);
    return fault ? Promise.reject(fault) : next(call);
  };
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
