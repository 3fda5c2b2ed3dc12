import { Code, ConnectError } from '@connectrpc/connect';
import { BadRequestSchema, ERROR_DOMAIN, ErrorInfoSchema } from '@rollcall/contract';
import type { ErrorReason } from '@rollcall/contract/user';

/** Why the user service refuses, as `ErrorInfo.reason` says it. */
export type Reason = Exclude<keyof typeof ErrorReason, 'UNSPECIFIED'>;

/** A field of a request that breaks its rule. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

/** What else an error says. */
export interface RefusalDetails {
  readonly fieldViolations?: readonly FieldViolation[];
  readonly metadata?: Readonly<Record<string, string>>;
}

/** An error as the user service sends it: code, reason, and the fields at fault where there are any. */
export function refusal(
  code: Code,
  reason: Reason,
  message: string,
  { fieldViolations = [], metadata = {} }: RefusalDetails = {},
): ConnectError {
  const info = { desc: ErrorInfoSchema, value: { reason, domain: ERROR_DOMAIN, metadata } };
  const told = fieldViolations.map(({ field, description }) => ({ field, description: cut(description) }));
  const fields = { desc: BadRequestSchema, value: { fieldViolations: told } };
  return new ConnectError(
    cut(message),
    code,
    undefined,
    fieldViolations.length > 0 ? [info, fields] : [info],
  );
}

// The real service cuts what it repeats, too.
function cut(text: string): string {
  return text.length > 1000 ? `${text.slice(0, 1000)}…` : text;
}

/** A field that breaks a rule; the description stands behind the field's name. */
export function invalidField(
  field: string,
  description: string,
  reason: Reason = 'FIELD_INVALID',
): ConnectError {
  return refusal(Code.InvalidArgument, reason, `${field} ${description}.`, {
    fieldViolations: [{ field, description }],
  });
}

/** Nobody has this id. */
export function userNotFound(tenantId: string, id: string): ConnectError {
  return refusal(Code.NotFound, 'USER_NOT_FOUND', `Tenant ${tenantId} has no user ${id}.`);
}
