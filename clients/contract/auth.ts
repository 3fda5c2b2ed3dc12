// How people sign in: messages, service, reasons.
export * from './gen/rollcall/auth/v1/auth_service_pb.ts';
export * from './gen/rollcall/auth/v1/error_reason_pb.ts';
