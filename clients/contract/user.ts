// The user service: messages, services, reasons.
export * from './gen/rollcall/user/v1/attached_user_pb.ts';
export * from './gen/rollcall/user/v1/error_reason_pb.ts';
export * from './gen/rollcall/user/v1/user_admin_service_pb.ts';
export * from './gen/rollcall/user/v1/user_pb.ts';
export * from './gen/rollcall/user/v1/user_service_pb.ts';

/**
 * How far, in ms, an answer of the user service may be behind what its change feed has told, where the one comes from another
 * process or replica than the other. The service answers nothing that may be older; a client relies on it where it decides
 * whether a user that it read is covered by the feed.
 */
export const MAX_ANSWER_LAG_MS = 500;
