import type { Connection, FieldDef, QueryResult } from 'pg';
import { prepareValue } from 'pg/lib/utils.js';
import type { RawRow } from './raw-row.ts';
import { type RowReader, rowReader } from './row-reader.ts';

/** What is asked: a statement by its name, with values. */
export interface NamedQuery {
  readonly name: string;
  readonly text: string;
  readonly values?: unknown[] | null;
}

/** The rows of a statement: what they look like, and how they are read. */
interface RowShape {
  readonly fields: FieldDef[];
  readonly read: RowReader;
}

/** What one connection knows of its statements, by their names. */
export type RowShapes = Map<string, RowShape>;

/** How a query runs. */
export interface PreparedQueryContext {
  readonly shapes: RowShapes;
  /** The longest to wait for the answer, in ms. 0: for ever. */
  readonly timeoutMs: number;
  readonly callback: QueryCallback;
}

export type QueryCallback = (error: Error | null, result?: QueryResult) => void;

interface PreparingConnection extends Connection {
  /** Texts of statements by their names: those that Postgres has taken, and those that it is told of. */
  readonly parsedStatements: Record<string, string | undefined>;
  readonly submittedNamedStatements: Record<string, string | undefined>;
  sendCopyFail(reason: string): void;
}

const COMPLETED = /^([A-Za-z]+)(?: (\d+))?(?: (\d+))?/;

/**
 * One run of a named statement, in place of pg's own `Query`. What the rows look like is asked the first time only, because
 * Postgres refuses a prepared statement whose columns have changed; and a row is read from where it arrived. It has its own
 * timeout: that of pg's client puts a new callback into each query, after which V8 keeps the rows of all queries until the
 * next full collection.
 */
export class PreparedQuery {
  readonly name: string;
  readonly text: string;
  readonly callback: QueryCallback;
  readonly #values: unknown[];
  readonly #shapes: RowShapes;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #rows: Record<string, unknown>[] = [];
  #shape: RowShape | undefined;
  #completed = '';
  #fault: Error | undefined;
  #isAnswered = false;

  constructor({ name, text, values }: NamedQuery, { shapes, timeoutMs, callback }: PreparedQueryContext) {
    this.name = name;
    this.text = text;
    this.callback = callback;
    this.#values = values ?? [];
    this.#shapes = shapes;
    this.#timer = timeoutMs > 0 ? setTimeout(PreparedQuery.#expire, timeoutMs, this) : undefined;
  }

  static #expire(query: PreparedQuery): void {
    query.handleError(new Error('Query read timeout'));
  }

  /** Sends it. Answers an error where nothing was sent. */
  submit(connection: PreparingConnection): Error | null {
    if (this.#isAnswered) return new Error('Nobody waits for it any more');
    const fault = this.#check(connection);
    if (fault) return fault;
    connection.stream.cork();
    try {
      return this.#send(connection);
    } finally {
      connection.stream.uncork();
    }
  }

  handleRowDescription({ fields }: { fields: FieldDef[] }): void {
    this.#shape = { fields, read: rowReader(fields) };
    this.#shapes.set(this.name, this.#shape);
  }

  handleDataRow(row: RawRow): void {
    if (this.#fault || !this.#shape) return;
    try {
      this.#rows.push(this.#shape.read(row));
    } catch (error) {
      this.#fault = error as Error;
    }
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.#completed = text;
  }

  handleReadyForQuery(): void {
    if (this.#fault) this.#answer(this.#fault);
    else this.#answer(null, this.#toResult());
  }

  handleError(error: Error): void {
    this.#answer(this.#fault ?? error);
  }

  handleCopyInResponse(connection: PreparingConnection): void {
    connection.sendCopyFail('No source stream defined');
  }

  handleCopyData(): void {}

  handleEmptyQuery(): void {}

  #check({ parsedStatements, submittedNamedStatements }: PreparingConnection): Error | null {
    const known = parsedStatements[this.name] ?? submittedNamedStatements[this.name];
    if (known !== undefined && known !== this.text)
      return new Error(
        `Prepared statements must be unique - '${this.name}' was used for a different statement`,
      );
    return Array.isArray(this.#values) ? null : new Error('Query values must be an array');
  }

  #send(connection: PreparingConnection): Error | null {
    const { name, text } = this;
    const { parsedStatements, submittedNamedStatements } = connection;
    const values = toWire(this.#values);
    if (values instanceof Error) return values;
    if (!parsedStatements[name] && !submittedNamedStatements[name]) {
      connection.parse({ name, text, types: [] }, true);
      submittedNamedStatements[name] = text;
    }
    connection.bind({ statement: name, values }, true);
    this.#shape = this.#shapes.get(name);
    if (!this.#shape) connection.describe({ type: 'P' }, true);
    connection.execute({}, true);
    connection.sync();
    return null;
  }

  #toResult(): QueryResult {
    const [, command = '', first, second] = COMPLETED.exec(this.#completed) ?? [];
    const count = second ?? first;
    return {
      command,
      rowCount: count === undefined ? null : Number(count),
      oid: second === undefined ? (null as never) : Number(first),
      fields: this.#shape?.fields ?? [],
      rows: this.#rows,
    };
  }

  #answer(error: Error | null, result?: QueryResult): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    clearTimeout(this.#timer);
    this.callback(error, result);
  }
}

function toWire(values: unknown[]): (string | Buffer | null)[] | Error {
  try {
    return values.map((value) => prepareValue(value));
  } catch (error) {
    return error as Error;
  }
}
