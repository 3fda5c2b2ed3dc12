// Public API of @rollcall/contract/auth: messages, services and error reasons of sign-in.
export * from './gen/rollcall/auth/v1/auth_service_pb.ts';
export * from './gen/rollcall/auth/v1/error_reason_pb.ts';
