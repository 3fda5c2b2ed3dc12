// Public API of @rollcall/contract/booking: messages, services and error reasons of the booking service.
export * from './gen/rollcall/booking/v1/booking_pb.ts';
export * from './gen/rollcall/booking/v1/booking_service_pb.ts';
export * from './gen/rollcall/booking/v1/error_reason_pb.ts';
export * from './gen/rollcall/booking/v1/pet_pb.ts';
export * from './gen/rollcall/booking/v1/pet_service_pb.ts';
export * from './gen/rollcall/booking/v1/review_pb.ts';
export * from './gen/rollcall/booking/v1/review_service_pb.ts';
