import { Code, ConnectError } from '@connectrpc/connect';
import { BadRequestSchema, ERROR_DOMAIN, ErrorInfoSchema } from '@rollcall/contract';
import type { ErrorReason } from '@rollcall/contract/user';

/** Reason of an error: `ErrorInfo.reason`. */
export type Reason = Exclude<keyof typeof ErrorReason, 'UNSPECIFIED'>;

/** A field of a request that breaks a rule. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

/** Further details of an error. */
interface RefusalDetails {
  readonly fieldViolations?: readonly FieldViolation[];
  readonly metadata?: Readonly<Record<string, string>>;
}

/** An error of the user service: code, reason, and the invalid fields if any. */
export function refusal(
  code: Code,
  reason: Reason,
  message: string,
  { fieldViolations = [], metadata = {} }: RefusalDetails = {},
): ConnectError {
  const info = { desc: ErrorInfoSchema, value: { reason, domain: ERROR_DOMAIN, metadata } };
  const violations = fieldViolations.map(({ field, description }) => ({
    field,
    description: shorten(description),
  }));
  const fields = { desc: BadRequestSchema, value: { fieldViolations: violations } };
  return new ConnectError(
    shorten(message),
    code,
    undefined,
    fieldViolations.length > 0 ? [info, fields] : [info],
  );
}

// The real service shortens repeated input too.
function shorten(text: string): string {
  return text.length > 1000 ? `${text.slice(0, 1000)}…` : text;
}

/** An error about one invalid field. The description follows the name of the field. */
export function invalidField(
  field: string,
  description: string,
  reason: Reason = 'FIELD_INVALID',
): ConnectError {
  return refusal(Code.InvalidArgument, reason, `${field} ${description}.`, {
    fieldViolations: [{ field, description }],
  });
}

/** An error about an unknown id. */
export function userNotFound(tenantId: string, id: string): ConnectError {
  return refusal(Code.NotFound, 'USER_NOT_FOUND', `Tenant ${tenantId} has no user ${id}.`);
}
