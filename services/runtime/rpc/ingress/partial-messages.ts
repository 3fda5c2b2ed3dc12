import type { MetricReading } from '../../metric-reading.ts';
import { runtimeError } from '../reasons.ts';
import type { RpcError } from '../rpc-error.ts';

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

/** One message that is awaited. Its owner calls `PartialMessages`, and is called back where it must give up. */
export interface AwaitedMessage {
  /** The connection that it arrives on: any object that stands for it. */
  readonly connection: object;
  /** Whether its call has ended by itself, so that there is nothing to wait for. */
  readonly isOver: boolean;
  /** Ends the call and frees what is held. Called once, and not after `forget`. */
  refuse(refusal: PartialMessageRefusal): void;
}

interface Entry {
  sinceTick: number;
  bytes: number;
}

/**
 * Counts what is held for messages that have not arrived whole, in one process and for both servers. A message that arrives
 * whole in its first piece is entered and left again, and costs nothing else.
 */
export class PartialMessages implements Disposable {
  readonly #limits: PartialMessageLimits;
  // In order of arrival: the first is the oldest.
  readonly #awaited = new Map<AwaitedMessage, Entry>();
  readonly #byConnection = new Map<object, { bytes: number; readonly messages: Set<AwaitedMessage> }>();
  readonly #refused = new Map<PartialMessageRefusal, number>();
  readonly #timer: NodeJS.Timeout;
  readonly #ticksUntilLate: number;
  #bytes = 0;
  #tick = 0;

  constructor(limits: Partial<PartialMessageLimits> = {}) {
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
    return this.#awaited.size;
  }

  /** Whether a message is awaited. */
  isExpected(message: AwaitedMessage): boolean {
    return this.#awaited.has(message);
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
    this.#awaited.set(message, { sinceTick: this.#tick, bytes: 0 });
    if (this.#awaited.size <= this.#limits.maxAwaited) return;
    const [oldest] = this.#awaited.keys();
    if (oldest) this.#refuse(oldest, 'awaited');
  }

  /** Notes how many bytes are held for an awaited message. False: it was refused, and nothing may be held any more. */
  hold(message: AwaitedMessage, bytes: number): boolean {
    const entry = this.#awaited.get(message);
    if (!entry) return false;
    const connection = this.#connectionOf(message);
    connection.bytes += bytes - entry.bytes;
    this.#bytes += bytes - entry.bytes;
    entry.bytes = bytes;
    if (connection.bytes > this.#limits.maxConnectionBytes) this.#refuse(message, 'connection_bytes');
    else if (this.#bytes > this.#limits.maxProcessBytes) this.#refuseHeaviest();
    return this.#awaited.has(message);
  }

  /** Ends the waiting: the message has arrived, or its call is over. */
  forget(message: AwaitedMessage): void {
    const entry = this.#awaited.get(message);
    if (!entry) return;
    this.#awaited.delete(message);
    if (entry.bytes === 0) return;
    this.#bytes -= entry.bytes;
    const connection = this.#connectionOf(message);
    connection.bytes -= entry.bytes;
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
    for (const [message, { sinceTick }] of this.#awaited) {
      if (message.isOver) this.forget(message);
      else if (this.#tick - sinceTick > this.#ticksUntilLate) this.#refuse(message, 'timeout');
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
