import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { type RpcError, runtimeError } from '../errors.ts';
import { createQueue } from '../http/message-queue.ts';
import { MAX_MESSAGE_BYTES } from '../listening-server.ts';
import { GrowingBuffer, MessageAssembler, MessageTooLargeError } from './message-assembler.ts';
import { AwaitedMessage, type PartialMessageRefusal, type PartialMessages } from './partial-messages.ts';

/** A body and its limits. */
export interface BodySource {
  readonly request: IncomingMessage;
  readonly partial: PartialMessages;
  /** The longest body, or the longest message of a stream. Bytes. @defaultValue 4 MiB */
  readonly maxBytes?: number;
  /** The longest time for the body to arrive, if it is shorter than for all messages. Milliseconds. */
  readonly timeoutMs?: number;
}

const closed = () => runtimeError('CANCELLED', 'The connection closed before the body ended.');

/**
 * Reads a body to its end, in time linear to its length whatever the size of its pieces.
 * @throws RpcError MESSAGE_TOO_LARGE over `maxBytes`, DEADLINE_EXCEEDED when it is too slow, CANCELLED when
 * the connection closes, OVERLOADED when too much memory is held
 */
export async function readWholeBody(source: BodySource): Promise<Buffer> {
  const { request, partial, maxBytes = MAX_MESSAGE_BYTES, timeoutMs } = source;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const announced = Number(request.headers['content-length']);
  if (announced > maxBytes) throw tooLarge(maxBytes);
  const body = new GrowingBuffer();
  let whole: Buffer | undefined;
  const awaited = new AwaitedBody(source, reject);
  const listeners = {
    data: (piece: Buffer) => {
      if (piece.length === announced && body.length === 0) whole = piece;
      else if (body.length + piece.length > maxBytes) reject(tooLarge(maxBytes));
      else {
        body.append(piece);
        partial.hold(awaited, body.capacity);
      }
    },
    end: () => resolve(whole ?? body.bytes),
    error: reject,
    close: () => reject(closed()),
  };
  const timer = timeoutMs !== undefined && setTimeout(() => reject(partial.toError('timeout')), timeoutMs);
  partial.expect(awaited);
  listen(request, listeners);
  try {
    return await promise;
  } finally {
    if (timer) clearTimeout(timer);
    unlisten(request, listeners);
    partial.forget(awaited);
  }
}

/**
 * Reads prefixed messages, each as a whole. Bytes after the last whole message come last.
 * @throws RpcError when a message breaks a limit, as in `readWholeBody`
 */
export async function* readMessages(source: BodySource): AsyncGenerator<Buffer> {
  const { request, partial, maxBytes = MAX_MESSAGE_BYTES } = source;
  const queue = createQueue<Buffer>();
  const assembler = new MessageAssembler(maxBytes);
  let hasEnded = false;
  const fail = (error: unknown) => {
    hasEnded = true;
    assembler.takeRest();
    queue.fail(error);
  };
  const awaited = new AwaitedBody(source, fail);
  const listeners = {
    data: (piece: Buffer) => {
      if (hasEnded) return;
      const messages = pushTo(assembler, piece, (error) =>
        fail(error instanceof MessageTooLargeError ? tooLarge(maxBytes) : error),
      );
      if (messages.length > 0) partial.forget(awaited);
      if (assembler.heldBytes > 0) {
        if (!partial.isExpected(awaited)) partial.expect(awaited);
        partial.hold(awaited, assembler.heldBytes);
      }
      if (messages.length === 0) return;
      // Unread bytes stay in the flow-control window of the sender.
      request.pause();
      Promise.all(messages.map(queue.push)).then(
        () => request.resume(),
        () => {},
      );
    },
    end: () => {
      if (assembler.heldBytes > 0) queue.push(assembler.takeRest()).catch(() => {});
      partial.forget(awaited);
      queue.end();
    },
    error: fail,
    close: () => fail(closed()),
  };
  partial.expect(awaited);
  listen(request, listeners);
  try {
    yield* queue;
  } finally {
    unlisten(request, listeners);
    partial.forget(awaited);
    // Throws the rest away.
    request.resume();
  }
}

class AwaitedBody extends AwaitedMessage {
  readonly connection: object;
  readonly #source: BodySource;
  readonly #fail: (error: RpcError) => void;

  constructor(source: BodySource, fail: (error: RpcError) => void) {
    super();
    this.connection = connectionOf(source.request);
    this.#source = source;
    this.#fail = fail;
  }

  get hasEnded(): boolean {
    return this.#source.request.destroyed;
  }

  refuse(refusal: PartialMessageRefusal): void {
    this.#fail(this.#source.partial.toError(refusal));
  }
}

function connectionOf(request: IncomingMessage): object {
  const { stream } = request as unknown as Partial<Http2ServerRequest>;
  return stream?.session ?? request.socket;
}

function pushTo(assembler: MessageAssembler, piece: Buffer, fail: (error: unknown) => void): Buffer[] {
  try {
    return assembler.push(piece);
  } catch (error) {
    fail(error);
    return [];
  }
}

function tooLarge(maxBytes: number): RpcError {
  return runtimeError('MESSAGE_TOO_LARGE', `The body is longer than ${maxBytes} bytes.`);
}

type Listeners = Readonly<Record<string, (value: never) => void>>;

function listen(request: IncomingMessage, listeners: Listeners): void {
  for (const [event, listener] of Object.entries(listeners)) request.on(event, listener as () => void);
}

function unlisten(request: IncomingMessage, listeners: Listeners): void {
  for (const [event, listener] of Object.entries(listeners)) request.off(event, listener as () => void);
}
