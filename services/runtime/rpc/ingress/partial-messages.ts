import type { MetricReading } from '../../metrics/metrics.ts';
import { type RpcError, runtimeError } from '../errors.ts';

/** Limits of request messages that have begun and are not complete. */
export interface PartialMessageLimits {
  /**
   * The longest time for a message to arrive, from the headers of its call or from its first byte, if that is
   * later. Milliseconds.
   * @defaultValue 10000
   */
  readonly timeoutMs: number;
  /**
   * The most memory for incomplete messages of one connection. Bytes.
   * @defaultValue 16 MiB, four of the largest messages
   */
  readonly maxConnectionBytes: number;
  /** The most memory for incomplete messages of the process. Bytes. @defaultValue 64 MiB */
  readonly maxProcessBytes: number;
  /** The most calls that wait for a message. @defaultValue 4096 */
  readonly maxAwaited: number;
}

/** The limit by which a message was refused. */
export type PartialMessageRefusal = 'timeout' | 'connection_bytes' | 'process_bytes' | 'awaited';

const DEFAULTS: PartialMessageLimits = {
  timeoutMs: 10_000,
  maxConnectionBytes: 16 * 1024 * 1024,
  maxProcessBytes: 64 * 1024 * 1024,
  maxAwaited: 4096,
};

const RETRY_MS = 500;

/**
 * A message that is awaited. `PartialMessages` calls `refuse` when it breaks a limit. Messages are linked by
 * their own fields, because a Map with an entry for each call would keep them alive (ADR 0028).
 */
export abstract class AwaitedMessage {
  /** Any object that stands for the connection. */
  abstract readonly connection: object;
  /** Whether the call has ended by itself, so that no message will arrive. */
  abstract readonly hasEnded: boolean;
  /** Ends the call and frees its memory. Called once, and not after `forget`. */
  abstract refuse(refusal: PartialMessageRefusal): void;

  /** These four fields belong to `PartialMessages`. */
  previous: AwaitedMessage | undefined;
  next: AwaitedMessage | undefined;
  sinceTick = 0;
  heldBytes = 0;
}

// Stands before the oldest and after the newest message.
class Ends extends AwaitedMessage {
  readonly connection = this;
  readonly hasEnded = false;
  refuse(): void {}
}

/**
 * Counts the memory of incomplete messages, in one process and for both servers. A message that arrives whole
 * in its first piece is entered and removed at little cost.
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

  /** Memory in use. Bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Number of awaited messages. */
  get awaited(): number {
    return this.#awaited;
  }

  /** Whether a message is awaited. */
  isExpected(message: AwaitedMessage): boolean {
    return message.next !== undefined;
  }

  /** Converts a refusal to an error for the caller. */
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

  /** Starts to wait for a message. Refuses the oldest one when too many are awaited. */
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

  /** Records the memory of an awaited message. Returns false if it was refused and must free its memory. */
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

  /** Stops waiting: the message has arrived, or its call has ended. */
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
    if (message.hasEnded) return;
    this.#refused.set(refusal, (this.#refused.get(refusal) ?? 0) + 1);
    message.refuse(refusal);
  }

  #refuseLate(): void {
    this.#tick++;
    let next: AwaitedMessage | undefined;
    for (let message = this.#ends.next; message && message !== this.#ends; message = next) {
      next = message.next;
      if (message.hasEnded) this.forget(message);
      else if (this.#tick - message.sinceTick > this.#ticksUntilLate) this.#refuse(message, 'timeout');
    }
  }

  // Chooses the connection with the most memory: a caller with one message must not pay for another with a
  // thousand.
  #refuseHeaviest(): void {
    let heaviest: { bytes: number; readonly messages: Set<AwaitedMessage> } | undefined;
    for (const each of this.#byConnection.values()) {
      if (!heaviest || each.bytes > heaviest.bytes) heaviest = each;
    }
    for (const message of [...(heaviest?.messages ?? [])]) this.#refuse(message, 'process_bytes');
  }
}
