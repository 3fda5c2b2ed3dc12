import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Client, credentials } from '@grpc/grpc-js';
import {
  GetUserRequestSchema,
  GetUserResponseSchema,
  type User,
  UserService,
  UserView,
} from '@rollcall/contract/user';
import type { BenchCase } from '../../harness/bench-case.ts';
import { CALLERS, compareCoalesced } from './coalesced.ts';
import { TIMEOUT_MS } from './open-client.ts';

const PATH = `/${UserService.typeName}/GetUser`;

/** What putting callers together is worth, against grpc-js as it is. */
export const coalescedGrpcJs: BenchCase = {
  name: 'coalesced-grpc-js',
  doc: `${CALLERS} callers of distinct unknown users, against plain grpc-js calling GetUser`,
  async run(context) {
    const { address } = await context.world.auth();
    const client = new Client(address, credentials.createInsecure());
    try {
      const { tenantId } = context.world;
      const get = (id: string) => getUser(client, tenantId, id);
      return await compareCoalesced(context, { name: 'grpc-js GetUser', get }, 5);
    } finally {
      client.close();
    }
  },
};

function getUser(client: Client, tenantId: string, id: string): Promise<User | undefined> {
  const request = create(GetUserRequestSchema, { tenantId, id, view: UserView.REFERENCE });
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      PATH,
      (message: typeof request) => Buffer.from(toBinary(GetUserRequestSchema, message)),
      (bytes: Buffer) => fromBinary(GetUserResponseSchema, bytes),
      request,
      { deadline: Date.now() + TIMEOUT_MS },
      (error, answer) => (error ? reject(error) : resolve(answer?.user)),
    );
  });
}
