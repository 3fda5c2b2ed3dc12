// Public API of @rollcall/contract/vendor: messages, services and error reasons of the vendor service.
export * from './gen/rollcall/vendor/v1/activity_pb.ts';
export * from './gen/rollcall/vendor/v1/activity_service_pb.ts';
export * from './gen/rollcall/vendor/v1/error_reason_pb.ts';
export * from './gen/rollcall/vendor/v1/vendor_pb.ts';
export * from './gen/rollcall/vendor/v1/vendor_service_pb.ts';
