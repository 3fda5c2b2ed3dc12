// The door of @rollcall/transport/testing: real servers for tests, on loopback, and how a call to one failed.
export { type CallFailure, faultOf } from './call-failure.ts';
export {
  type GrpcTestServer,
  type GrpcTestServerOptions,
  startGrpcTestServer,
} from './grpc-test-server.ts';
