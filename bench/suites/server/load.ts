import {
  create,
  type DescMessage,
  type DescMethodUnary,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import { perSecond } from '../../harness/compare.ts';
import { framed, openRawClient, type RawClient } from './raw-http2.ts';

/** Connections of the load: as many as calling processes. */
const CONNECTIONS = 8;

/** Calls of one method, with `inFlight` of them at the same time. */
export interface Load extends Disposable {
  /** Sends `requests` once and checks every answer. Returns requests per second. */
  play(requests: readonly Prepared[]): Promise<number>;
}

/** A request that is encoded before the measurement. */
export interface Prepared {
  readonly bytes: Buffer;
  /** @throws Error when the answer is wrong */
  readonly check: (answer: Buffer) => void;
}

/** Opens the connections of a load. Both sides of a comparison get equal ones. */
export async function openLoad(address: string, method: DescMethodUnary, inFlight: number): Promise<Load> {
  const path = `/${method.parent.typeName}/${method.name}`;
  const clients: RawClient[] = [];
  for (let i = 0; i < CONNECTIONS; i++) clients.push(await openRawClient(address, path));
  return {
    play: (requests) =>
      perSecond(requests.length, () => {
        let at = 0;
        const caller = async (client: RawClient) => {
          for (let request = requests[at++]; request; request = requests[at++]) {
            request.check(await client.call(request.bytes));
          }
        };
        const callers = Array.from({ length: inFlight }, (_, i) =>
          caller(clients[i % CONNECTIONS] as RawClient),
        );
        return Promise.all(callers);
      }),
    [Symbol.dispose]() {
      for (const client of clients) client[Symbol.dispose]();
    },
  };
}

/** Encodes a request for `RawClient.call`. */
export function requestBytes<Desc extends DescMessage>(schema: Desc, init: MessageInitShape<Desc>): Buffer {
  return framed(toBinary(schema, create(schema, init)));
}
