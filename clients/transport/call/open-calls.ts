import { Code, ConnectError } from '@connectrpc/connect';
import { type Client, getClientChannel } from '@grpc/grpc-js';

/** A call that `close` can cancel. */
interface CancelableCall {
  cancel(): void;
}

/**
 * A channel and the open calls on it. grpc-js closes a channel once its last call has ended, so `close`
 * cancels them.
 */
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

  /**
   * The client to call on.
   * @throws ConnectError CANCELED after `close`
   */
  get client(): Client {
    if (this.#isClosed) throw new ConnectError('the transport is closed', Code.Canceled);
    return this.#client;
  }

  /**
   * The client's channel.
   * @throws ConnectError CANCELED after `close`
   */
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
