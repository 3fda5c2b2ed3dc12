// The user service: messages, services, reasons.
export { MAX_ANSWER_LAG_MS } from './answer-lag.ts';
export * from './gen/rollcall/user/v1/attached_user_pb.ts';
export * from './gen/rollcall/user/v1/error_reason_pb.ts';
export * from './gen/rollcall/user/v1/user_admin_service_pb.ts';
export * from './gen/rollcall/user/v1/user_pb.ts';
export * from './gen/rollcall/user/v1/user_service_pb.ts';
