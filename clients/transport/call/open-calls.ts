import { Code, ConnectError } from '@connectrpc/connect';
import { type Client, getClientChannel } from '@grpc/grpc-js';

/** What every kind of call can do. */
export interface CancelableCall {
  cancel(): void;
}

/** The channel and the calls open on it: grpc-js closes a channel only once its last call has ended, so `close` ends them. */
export class OpenCalls {
  readonly #client: Client;
  readonly #calls = new Set<CancelableCall>();
  #isClosed = false;

  constructor(client: Client) {
    this.#client = client;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The channel to call on. Throws ConnectError CANCELED after `close`. */
  get client(): Client {
    if (this.#isClosed) throw new ConnectError('the transport is closed', Code.Canceled);
    return this.#client;
  }

  /** What is under the client, and is closed with it. Throws as `client` does. */
  get channel(): ReturnType<typeof getClientChannel> {
    return getClientChannel(this.client);
  }

  add(call: CancelableCall): void {
    this.#calls.add(call);
  }

  delete(call: CancelableCall): void {
    this.#calls.delete(call);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const call of [...this.#calls]) call.cancel();
    this.#client.close();
  }
}
