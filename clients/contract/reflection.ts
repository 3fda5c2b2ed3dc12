// The gRPC reflection service, in both versions that tools use.
export {
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from './gen/grpc/reflection/v1/reflection_pb.ts';
export {
  ServerReflection as ServerReflectionV1Alpha,
  ServerReflectionResponseSchema as ServerReflectionV1AlphaResponseSchema,
} from './gen/grpc/reflection/v1alpha/reflection_pb.ts';
