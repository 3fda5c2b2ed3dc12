import pg from 'pg';
import { Parser } from 'pg-protocol/dist/parser.js';
import { type NamedQuery, PreparedQuery, type QueryCallback, type RowShapes } from './prepared-query.ts';
import { RawRow } from './raw-row.ts';

/** A client of pg that runs named statements by `PreparedQuery`, and everything else as pg does. */
export class PreparedClient extends pg.Client {
  readonly #shapes: RowShapes = new Map();
  readonly #timeoutMs: number;

  constructor(config?: pg.ClientConfig) {
    super(config);
    const { connection, connectionParameters } = this as unknown as Internals;
    this.#timeoutMs = Number(connectionParameters.query_timeout) || 0;
    // From here on each query brings its own.
    connectionParameters.query_timeout = 0;
    connection.attachListeners = (stream) => {
      const parser = new RowParser();
      stream.on('data', (bytes: Buffer) =>
        parser.parse(bytes, (message) =>
          connection.emit(message.name === 'error' ? 'errorMessage' : message.name, message),
        ),
      );
    };
  }

  // biome-ignore lint/suspicious/noExplicitAny: pg has a dozen signatures for it, which stay as they are.
  override query(config: any, values?: any, callback?: any): any {
    if (typeof config === 'string') return this.query({ text: config }, values, callback);
    if (typeof config?.submit === 'function') return super.query(config, values, callback);
    const then = typeof values === 'function' ? values : callback;
    if (!isNamed(config)) return super.query({ ...this.#limit(), ...config }, values, callback);
    const query = Array.isArray(values) ? { ...config, values } : config;
    if (then) return this.#run(query, then);
    return new Promise((resolve, reject) => {
      this.#run(query, (error, result) => (error ? reject(error) : resolve(result)));
    }).catch((error) => {
      // It arose where an answer was read; of use is where it was asked.
      Error.captureStackTrace(error);
      throw error;
    });
  }

  #run(query: NamedQuery, callback: QueryCallback): void {
    super.query(new PreparedQuery(query, { shapes: this.#shapes, timeoutMs: this.#timeoutMs, callback }));
  }

  #limit() {
    return { query_timeout: this.#timeoutMs };
  }
}

/** What pg's types leave out. */
interface Internals {
  readonly connection: pg.Connection & { attachListeners: (stream: NodeJS.ReadableStream) => void };
  readonly connectionParameters: { query_timeout: number | string | false };
}

// Who wants more than rows of a statement is served by pg.
const OTHER_WISHES = [
  'rowMode',
  'types',
  'binary',
  'rows',
  'portal',
  'queryMode',
  'query_timeout',
  'callback',
];

function isNamed(config: object): config is NamedQuery {
  const { name, text } = config as Partial<NamedQuery>;
  return Boolean(name) && typeof text === 'string' && !OTHER_WISHES.some((wish) => wish in config);
}

interface Message {
  readonly name: string;
}

interface PacketParser {
  parse(bytes: Buffer, callback: (message: Message) => void): void;
  /** Makes a message of a packet: `offset` is behind its code and length, and `length` counts itself. */
  handlePacket(offset: number, code: number, length: number, bytes: Buffer): Message;
}

const DATA_ROW = 'D'.charCodeAt(0);

/** pg's parser, which leaves rows as they are. The row it hands out is good until the next one. */
class RowParser extends (Parser as unknown as new () => PacketParser) {
  readonly #row = new RawRow();

  override handlePacket(offset: number, code: number, length: number, bytes: Buffer): Message {
    if (code !== DATA_ROW) return super.handlePacket(offset, code, length, bytes);
    this.#row.begin(bytes, offset, offset + length - 4);
    return this.#row;
  }
}
