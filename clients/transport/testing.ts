// The door of @rollcall/transport/testing: real servers for tests, on loopback.
export {
  type GrpcTestServer,
  type GrpcTestServerOptions,
  startGrpcTestServer,
} from './testing/grpc-test-server.ts';
