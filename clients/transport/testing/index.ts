// Public API of @rollcall/transport/testing: gRPC servers on loopback for tests, and how a call failed.
export { type Fault, faultOf } from './fault-of.ts';
export {
  type GrpcTestServer,
  type GrpcTestServerOptions,
  startGrpcTestServer,
} from './grpc-test-server.ts';
