// Public API of @rollcall/contract/billing: messages, services and error reasons of the billing service.
export * from './gen/rollcall/billing/v1/customer_pb.ts';
export * from './gen/rollcall/billing/v1/customer_service_pb.ts';
export * from './gen/rollcall/billing/v1/error_reason_pb.ts';
export * from './gen/rollcall/billing/v1/invoice_pb.ts';
export * from './gen/rollcall/billing/v1/invoice_service_pb.ts';
export * from './gen/rollcall/billing/v1/payment_pb.ts';
export * from './gen/rollcall/billing/v1/payment_service_pb.ts';
export * from './gen/rollcall/billing/v1/plan_pb.ts';
export * from './gen/rollcall/billing/v1/plan_service_pb.ts';
