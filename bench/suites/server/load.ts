import type { DescMessage, DescMethodUnary, MessageInitShape } from '@bufbuild/protobuf';
import { create, toBinary } from '@bufbuild/protobuf';
import { perSecond } from '../../harness/interleave.ts';
import { framed, openRawClient, type RawClient } from './raw-http2.ts';

/** Connections of the load, as of so many processes that call. */
export const CONNECTIONS = 8;

/** Calls of one method, as many at a time as `inFlight`. */
export interface Load extends Disposable {
  /** Plays `requests` once, checks every answer, and answers how many were done in a second. */
  play(requests: readonly Prepared[]): Promise<number>;
}

/** A request as bytes, and how its answer is known to be right. Throws where it is not. */
export interface Prepared {
  readonly bytes: Buffer;
  readonly check: (answer: Buffer) => void;
}

/** Opens the connections of a load. The same for whoever is compared. */
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

/** A request as it goes over the wire. */
export function requestBytes<Desc extends DescMessage>(schema: Desc, init: MessageInitShape<Desc>): Buffer {
  return framed(toBinary(schema, create(schema, init)));
}
