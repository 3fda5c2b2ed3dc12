import { create, type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { createValidator } from '@bufbuild/protovalidate';
import { ListBookingsRequestSchema } from '@rollcall/contract/booking';
import { ImportFault } from '../import-fault.ts';

/** A field that breaks its rule. */
export interface FieldFault {
  /** Path in the message: "email". */
  readonly field: string;
  /** Text of the broken rule, without the value. */
  readonly rule: string;
}

const validator = createValidator();

/** Validates a message against the rules of the contract. @returns faults; empty when the message is valid */
export function fieldFaults<S extends DescMessage>(schema: S, message: MessageShape<S>): FieldFault[] {
  const result = validator.validate(schema, message);
  if (result.kind === 'error') throw result.error;
  if (result.kind === 'valid') return [];
  return result.violations.map(({ field, message: rule }) => ({ field: pathToString(field), rule }));
}

/** Checks a tenant id against the contract. @throws ImportFault when it is not valid */
export function requireTenant(tenantId: string): void {
  const request: MessageInitShape<typeof ListBookingsRequestSchema> = { tenantId };
  if (fieldFaults(ListBookingsRequestSchema, create(ListBookingsRequestSchema, request)).length === 0) return;
  throw new ImportFault(
    `--tenant "${tenantId}" cannot be a tenant: give lower-case letters, digits and hyphens, at most 63`,
  );
}
