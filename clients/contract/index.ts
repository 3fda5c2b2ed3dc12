// The door of @rollcall/contract holds what every part of Rollcall shares: error details and the descriptor image.
// Each API has a door of its own, so that equal names (ErrorReason) never meet: `@rollcall/contract/user`, `…/auth`, `…/booking`,
// `…/health`, `…/reflection`.

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

/** The `domain` of every `google.rpc.ErrorInfo` that Rollcall sends; a reason is unique within it. */
export const ERROR_DOMAIN = 'rollcall';
