// node bare-server.ts DATABASE_URL TENANT_ID: a minimal grpc-js server with our messages and codec, and users
// in a Map. No gRPC server on Node is faster. It prints its port and serves until it is killed.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import {
  type GetUserRequest,
  GetUserRequestSchema,
  type GetUserResponse,
  GetUserResponseSchema,
  type User,
  UserService,
} from '@rollcall/contract/user';
import pg from 'pg';
import { toUser } from './to-user.ts';

const [url = '', tenantId = ''] = process.argv.slice(2);

async function readUsers(): Promise<Map<string, User>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query('select * from users where tenant_id = $1 order by id limit 20000', [
    tenantId,
  ]);
  await client.end();
  return new Map(rows.map((row) => [row.id, toUser(row)]));
}

const users = await readUsers();
const server = new Server({ 'grpc.max_concurrent_streams': 1000 });
const definition = {
  getUser: {
    path: `/${UserService.typeName}/GetUser`,
    requestStream: false,
    responseStream: false,
    requestSerialize: (message: GetUserRequest) => Buffer.from(toBinary(GetUserRequestSchema, message)),
    requestDeserialize: (bytes: Buffer) => fromBinary(GetUserRequestSchema, bytes),
    responseSerialize: (message: GetUserResponse) => Buffer.from(toBinary(GetUserResponseSchema, message)),
    responseDeserialize: (bytes: Buffer) => fromBinary(GetUserResponseSchema, bytes),
  },
};
server.addService(definition, {
  getUser(call: ServerUnaryCall<GetUserRequest, GetUserResponse>, answer: sendUnaryData<GetUserResponse>) {
    const user = call.request.tenantId === tenantId ? users.get(call.request.id) : undefined;
    if (user) answer(null, create(GetUserResponseSchema, { user, readTime: timestampNow() }));
    else answer({ code: status.NOT_FOUND, details: 'no such user' });
  },
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${JSON.stringify({ grpcPort: port })}\n`);
});
process.once('disconnect', () => process.exit(0));
