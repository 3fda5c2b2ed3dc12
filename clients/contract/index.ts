// Public API of @rollcall/contract: error details and the descriptor image. Each API has an entry point of
// its own, because their names overlap (ErrorReason): `@rollcall/contract/user`, `…/auth`, `…/booking`.

export { readDescriptorImage } from './descriptor-image.ts';
export { Code } from './gen/google/rpc/code_pb.ts';
export {
  type BadRequest,
  type BadRequest_FieldViolation,
  BadRequestSchema,
  type ErrorInfo,
  ErrorInfoSchema,
  type RequestInfo,
  RequestInfoSchema,
  type RetryInfo,
  RetryInfoSchema,
} from './gen/google/rpc/error_details_pb.ts';
export { type Status, StatusSchema } from './gen/google/rpc/status_pb.ts';
export { type Money, MoneySchema } from './gen/rollcall/type/v1/money_pb.ts';

/** The `domain` of every `google.rpc.ErrorInfo` of Rollcall. A reason is unique within it. */
export const ERROR_DOMAIN = 'rollcall';
