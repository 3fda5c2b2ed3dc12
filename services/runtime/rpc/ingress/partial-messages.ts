import type { MetricReading } from '../../metrics/metrics.ts';
import { type RpcError, runtimeError } from '../errors.ts';

/** Bounds on request messages that have begun and not yet arrived whole. */
export interface PartialMessageLimits {
  /** How long a message may take to arrive, in ms, from the headers of its call or from its first byte, whichever is later. Default 10000. */
  readonly timeoutMs: number;
  /** The most bytes held for the unfinished messages of one connection. Default 16 MiB, four of the largest. */
  readonly maxConnectionBytes: number;
  /** The most bytes held for the unfinished messages of the process. Default 64 MiB. */
  readonly maxProcessBytes: number;
  /** The most calls of which headers have arrived and a message is awaited. Default 4096. */
  readonly maxAwaited: number;
}

/** Why a message was not waited for any longer. */
export type PartialMessageRefusal = 'timeout' | 'connection_bytes' | 'process_bytes' | 'awaited';

const DEFAULTS: PartialMessageLimits = {
  timeoutMs: 10_000,
  maxConnectionBytes: 16 * 1024 * 1024,
  maxProcessBytes: 64 * 1024 * 1024,
  maxAwaited: 4096,
};

const RETRY_MS = 500;

/**
 * One message that is awaited. Its owner calls `PartialMessages`, and is called back where it must give up. Messages are linked
 * to one another by their own fields: each call is one, and a Map that each enters and leaves would keep them alive (ADR 0028).
 */
export abstract class AwaitedMessage {
  /** The connection that it arrives on: any object that stands for it. */
  abstract readonly connection: object;
  /** Whether its call has ended by itself, so that there is nothing to wait for. */
  abstract readonly isOver: boolean;
  /** Ends the call and frees what is held. Called once, and not after `forget`. */
  abstract refuse(refusal: PartialMessageRefusal): void;

  /** For `PartialMessages` alone, as are the next three. */
  previous: AwaitedMessage | undefined;
  next: AwaitedMessage | undefined;
  sinceTick = 0;
  heldBytes = 0;
}

// Stands before the oldest and behind the newest.
class Ends extends AwaitedMessage {
  readonly connection = this;
  readonly isOver = false;
  refuse(): void {}
}

/**
 * Counts what is held for messages that have not arrived whole, in one process and for both servers. A message that arrives
 * whole in its first piece is entered and left again, and costs nothing else.
 */
export class PartialMessages implements Disposable {
  readonly #limits: PartialMessageLimits;
  readonly #ends = new Ends();
  readonly #byConnection = new Map<object, { bytes: number; readonly messages: Set<AwaitedMessage> }>();
  readonly #refused = new Map<PartialMessageRefusal, number>();
  readonly #timer: NodeJS.Timeout;
  readonly #ticksUntilLate: number;
  #awaited = 0;
  #bytes = 0;
  #tick = 0;

  constructor(limits: Partial<PartialMessageLimits> = {}) {
    this.#ends.next = this.#ends;
    this.#ends.previous = this.#ends;
    this.#limits = { ...DEFAULTS, ...limits };
    const tickMs = Math.min(1000, this.#limits.timeoutMs / 4);
    this.#ticksUntilLate = Math.ceil(this.#limits.timeoutMs / tickMs);
    this.#timer = setInterval(() => this.#refuseLate(), tickMs).unref();
  }

  /** Bytes held at present. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Messages awaited at present. */
  get awaited(): number {
    return this.#awaited;
  }

  /** Whether a message is awaited. */
  isExpected(message: AwaitedMessage): boolean {
    return message.next !== undefined;
  }

  /** A refusal as the caller learns it. */
  toError(refusal: PartialMessageRefusal): RpcError {
    const { timeoutMs, maxConnectionBytes, maxProcessBytes } = this.#limits;
    if (refusal === 'timeout') {
      const message = `The message took longer than ${timeoutMs} ms to arrive: send it faster, or in smaller calls.`;
      return runtimeError('DEADLINE_EXCEEDED', message);
    }
    const message = {
      connection_bytes: `The connection has more than ${maxConnectionBytes} bytes of unfinished messages: send fewer at once.`,
      process_bytes: `The process holds more than ${maxProcessBytes} bytes of unfinished messages: try again later.`,
      awaited: 'The process awaits the messages of too many calls: try again later.',
    }[refusal];
    return runtimeError('OVERLOADED', message, { retryDelayMs: RETRY_MS, metadata: { bound: refusal } });
  }

  /** Begins to wait for a message. Where too many are awaited the oldest is refused. */
  expect(message: AwaitedMessage): void {
    const newest = this.#ends.previous as AwaitedMessage;
    message.sinceTick = this.#tick;
    message.previous = newest;
    message.next = this.#ends;
    newest.next = message;
    this.#ends.previous = message;
    this.#awaited++;
    if (this.#awaited > this.#limits.maxAwaited) this.#refuse(this.#ends.next as AwaitedMessage, 'awaited');
  }

  /** Notes how many bytes are held for an awaited message. False: it was refused, and nothing may be held any more. */
  hold(message: AwaitedMessage, bytes: number): boolean {
    if (!this.isExpected(message)) return false;
    const connection = this.#connectionOf(message);
    connection.bytes += bytes - message.heldBytes;
    this.#bytes += bytes - message.heldBytes;
    message.heldBytes = bytes;
    if (connection.bytes > this.#limits.maxConnectionBytes) this.#refuse(message, 'connection_bytes');
    else if (this.#bytes > this.#limits.maxProcessBytes) this.#refuseHeaviest();
    return this.isExpected(message);
  }

  /** Ends the waiting: the message has arrived, or its call is over. */
  forget(message: AwaitedMessage): void {
    const { previous, next, heldBytes } = message;
    if (!previous || !next) return;
    previous.next = next;
    next.previous = previous;
    message.previous = undefined;
    message.next = undefined;
    this.#awaited--;
    if (heldBytes === 0) return;
    message.heldBytes = 0;
    this.#bytes -= heldBytes;
    const connection = this.#connectionOf(message);
    connection.bytes -= heldBytes;
    connection.messages.delete(message);
    if (connection.messages.size === 0) this.#byConnection.delete(message.connection);
  }

  readings(): MetricReading[] {
    return [
      {
        name: 'rollcall_rpc_partial_message_bytes',
        help: 'Bytes held for request messages that have not arrived whole.',
        type: 'gauge',
        labels: {},
        value: this.#bytes,
      },
      ...(['timeout', 'connection_bytes', 'process_bytes', 'awaited'] as const).map((bound) => ({
        name: 'rollcall_rpc_partial_messages_refused_total',
        help: 'Request messages that were not waited for any longer, by the bound that they broke.',
        type: 'counter' as const,
        labels: { bound },
        value: this.#refused.get(bound) ?? 0,
      })),
    ];
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #connectionOf(message: AwaitedMessage) {
    const known = this.#byConnection.get(message.connection);
    const connection = known ?? { bytes: 0, messages: new Set<AwaitedMessage>() };
    if (!known) this.#byConnection.set(message.connection, connection);
    connection.messages.add(message);
    return connection;
  }

  #refuse(message: AwaitedMessage, refusal: PartialMessageRefusal): void {
    this.forget(message);
    if (message.isOver) return;
    this.#refused.set(refusal, (this.#refused.get(refusal) ?? 0) + 1);
    message.refuse(refusal);
  }

  #refuseLate(): void {
    this.#tick++;
    let next: AwaitedMessage | undefined;
    for (let message = this.#ends.next; message && message !== this.#ends; message = next) {
      next = message.next;
      if (message.isOver) this.forget(message);
      else if (this.#tick - message.sinceTick > this.#ticksUntilLate) this.#refuse(message, 'timeout');
    }
  }

  // Of all connections the one that holds the most: a caller with one message must not pay for another with a thousand.
  #refuseHeaviest(): void {
    let heaviest: { bytes: number; readonly messages: Set<AwaitedMessage> } | undefined;
    for (const each of this.#byConnection.values()) {
      if (!heaviest || each.bytes > heaviest.bytes) heaviest = each;
    }
    for (const message of [...(heaviest?.messages ?? [])]) this.#refuse(message, 'process_bytes');
  }
}
