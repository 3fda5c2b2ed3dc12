// What proto files say of their fields: the rules of buf.validate, and the sizes of our own.
export { type FieldRules, field as fieldRules } from './gen/buf/validate/validate_pb.ts';
export { max_bytes as maxBytes } from './gen/rollcall/type/v1/size_pb.ts';
