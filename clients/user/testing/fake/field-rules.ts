import { createRequire } from 'node:module';
import type { DescMessage, Message } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import type { Validator } from '@bufbuild/protovalidate';
import { Code, type ConnectError } from '@connectrpc/connect';
import { contentCheck, unmaskedRemoval } from '@rollcall/contract/request-content';
import { invalidField, refusal } from './model/refusal.ts';

/** Throws where the package that knows the contract's rules is not installed. It is one that tests need and clients do not. */
export function requireFieldRules(): void {
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

/** Throws FIELD_INVALID with the first field that breaks a rule of every field or of its proto file, as the real service does. */
export async function checkFields(schema: DescMessage, message: Message): Promise<void> {
  const fault = await faultOf(schema, message);
  if (!fault) return;
  const removeUnmasked = unmaskedRemoval(schema);
  removeUnmasked?.(message);
  if (!removeUnmasked || (await faultOf(schema, message))) throw fault;
}

async function faultOf(schema: DescMessage, message: Message): Promise<ConnectError | undefined> {
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
  const told = violations.map(({ field, message }) => ({ field: pathToString(field), description: message }));
  const text = told.map(({ field, description }) => `${field}: ${description}`).join('; ');
  return refusal(Code.InvalidArgument, 'FIELD_INVALID', text, { fieldViolations: told });
}
