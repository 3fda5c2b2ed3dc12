import { Code, ConnectError } from '@connectrpc/connect';
import { expect } from 'vitest';
import type { ErrorReason as AuthErrorReason } from '../auth.ts';
import { BadRequestSchema, ERROR_DOMAIN, ErrorInfoSchema } from '../index.ts';
import type { ErrorReason } from '../user.ts';

/** The expected failure of a call. */
export interface Refusal {
  readonly code: keyof typeof Code;
  readonly reason: keyof typeof ErrorReason | keyof typeof AuthErrorReason;
  /** Fields that `google.rpc.BadRequest` must name, in order. */
  readonly fields?: readonly string[];
}

/** Expects a call to fail with this code, reason and fields, and with a request id for the log. */
export async function expectRefusal(call: Promise<unknown>, refusal: Refusal): Promise<ConnectError> {
  const error = await call.then(
    (answer) => expect.fail(`It was expected to fail with ${refusal.reason} and answered ${String(answer)}.`),
    (reason: unknown) => ConnectError.from(reason),
  );
  const [info] = error.findDetails(ErrorInfoSchema);
  expect({ code: Code[error.code], reason: info?.reason, domain: info?.domain }).toEqual({
    code: refusal.code,
    reason: refusal.reason,
    domain: ERROR_DOMAIN,
  });
  expect(info?.metadata.request_id).toMatch(/^[\w.-]+$/);
  if (refusal.fields) {
    const named = error
      .findDetails(BadRequestSchema)
      .flatMap((each) => each.fieldViolations.map(({ field }) => field));
    expect(named).toEqual(refusal.fields);
  }
  return error;
}
