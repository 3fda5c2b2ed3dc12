// Public API of @rollcall/contract/user: messages, services and error reasons of the user service.
export * from './gen/rollcall/user/v1/attached_user_pb.ts';
export * from './gen/rollcall/user/v1/error_reason_pb.ts';
export * from './gen/rollcall/user/v1/user_admin_service_pb.ts';
export * from './gen/rollcall/user/v1/user_pb.ts';
export * from './gen/rollcall/user/v1/user_service_pb.ts';

/**
 * Largest lag of a response of the user service behind its change feed, between processes and replicas.
 * Milliseconds. Clients rely on it to decide whether the feed covers a user that they read.
 */
export const MAX_ANSWER_LAG_MS = 500;
