// The booking service: messages, service, reasons.
export * from './gen/rollcall/booking/v1/booking_pb.ts';
export * from './gen/rollcall/booking/v1/booking_service_pb.ts';
export * from './gen/rollcall/booking/v1/error_reason_pb.ts';
