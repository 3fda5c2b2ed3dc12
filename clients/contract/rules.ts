// Options of proto fields: the rules of buf.validate, and the size limits of Rollcall.
export { type FieldRules, field as fieldRules } from './gen/buf/validate/validate_pb.ts';
export { max_bytes as maxBytes } from './gen/rollcall/type/v1/size_pb.ts';
