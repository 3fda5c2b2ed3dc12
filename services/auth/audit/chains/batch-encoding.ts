import type { AuditEntry } from '@rollcall/runtime/callers';

// A batch: FORMAT, time of its first line in ms, its new words, its lines. Numbers are varints (7 bits a
// byte, lowest first). A text is its length in bytes and its UTF-8. A word is a text that lines name by its
// number in the chain, so that callers, hosts, methods, tenants, views and outcomes are written once.
const FORMAT = 1;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const PORT = /^(.*):(0|[1-9]\d{0,4})$/s;

/** A batch in bytes, and its new words. */
export interface EncodedBatch {
  readonly bytes: Buffer;
  /** Words that later batches of the chain may name. */
  readonly words: readonly string[];
}

/** Encodes lines of one chain as batches. */
export interface BatchEncoder {
  encode(entries: readonly AuditEntry[]): EncodedBatch;
  /** Adds a batch to the chain. Until then later batches cannot use its words. */
  accept(batch: EncodedBatch): void;
  /** How many words the chain has. */
  wordCount(): number;
}

/** Creates the encoder of an empty chain. */
export function createBatchEncoder(): BatchEncoder {
  const known = new Map<string, number>();
  return {
    encode(entries) {
      const fresh = new Map<string, number>();
      const wordOf = (word: string) => {
        const at = known.get(word) ?? fresh.get(word);
        if (at !== undefined) return at;
        fresh.set(word, known.size + fresh.size);
        return known.size + fresh.size - 1;
      };
      const startMs = entries[0] ? Date.parse(entries[0].time) : 0;
      const lines = createWriter();
      for (const entry of entries) writeLine(lines, entry, { startMs, wordOf });
      const batch = createWriter();
      batch.number(FORMAT);
      batch.number(startMs);
      batch.number(fresh.size);
      for (const word of fresh.keys()) batch.text(word);
      batch.number(entries.length);
      batch.bytes(lines.take());
      return { bytes: Buffer.from(batch.take()), words: [...fresh.keys()] };
    },
    accept({ words }) {
      for (const word of words) known.set(word, known.size);
    },
    wordCount: () => known.size,
  };
}

interface LineContext {
  readonly startMs: number;
  readonly wordOf: (word: string) => number;
}

function writeLine(to: Writer, entry: AuditEntry, { startMs, wordOf }: LineContext): void {
  to.number(zigzag(Date.parse(entry.time) - startMs));
  to.number(wordOf(entry.caller));
  const [, host, port] = PORT.exec(entry.peer) ?? [];
  to.number(wordOf(host ?? entry.peer));
  to.number(port === undefined ? 0 : Number(port) + 1);
  to.number(wordOf(entry.method));
  to.number(wordOf(entry.outcome));
  to.number(entry.view === undefined ? 0 : wordOf(entry.view) + 1);
  to.number(entry.count);
  to.number(entry.idCount);
  to.number(entry.tenants.length);
  for (const tenant of entry.tenants) to.number(wordOf(tenant));
  const [uuids, others] = [entry.ids.filter(isUuid), entry.ids.filter((id) => !isUuid(id))];
  to.number(uuids.length);
  for (const id of uuids) to.uuid(id);
  to.number(others.length);
  for (const id of others) to.text(id);
  to.number(entry.why === undefined ? 0 : 1);
  if (entry.why !== undefined) to.text(entry.why);
  to.number(isUuid(entry.requestId) ? 0 : 1);
  if (isUuid(entry.requestId)) to.uuid(entry.requestId);
  else to.text(entry.requestId);
}

/** Decodes the batches of one chain. */
interface BatchDecoder {
  /** @throws Error when the bytes are no batch that follows the ones before */
  decode(bytes: Uint8Array): AuditEntry[];
}

/** Creates the decoder of a chain. It takes the batches in order, from the first on. */
export function createBatchDecoder(): BatchDecoder {
  const words: string[] = [];
  const wordAt = (at: number) => words[at] ?? fail(`it names word ${at} of ${words.length}`);
  return {
    decode(bytes) {
      const from = createReader(bytes);
      const format = from.number();
      if (format !== FORMAT) fail(`its format is ${format}`);
      const startMs = from.number();
      for (let left = from.number(); left > 0; left--) words.push(from.text());
      const entries: AuditEntry[] = [];
      for (let left = from.number(); left > 0; left--) entries.push(readLine(from, startMs, wordAt));
      if (!from.isAtEnd()) fail('it goes on behind its last line');
      return entries;
    },
  };
}

function readLine(from: Reader, startMs: number, wordAt: (at: number) => string): AuditEntry {
  const time = new Date(startMs + unzigzag(from.number())).toISOString();
  const caller = wordAt(from.number());
  const host = wordAt(from.number());
  const port = from.number();
  const method = wordAt(from.number());
  const outcome = wordAt(from.number());
  const view = from.number();
  const count = from.number();
  const idCount = from.number();
  const tenants = from.list(() => wordAt(from.number()));
  const ids = [...from.list(() => from.uuid()), ...from.list(() => from.text())];
  const why = from.number() === 0 ? undefined : from.text();
  const requestId = from.number() === 0 ? from.uuid() : from.text();
  return {
    time,
    caller,
    peer: port === 0 ? host : `${host}:${port - 1}`,
    method,
    tenants,
    ...(view > 0 && { view: wordAt(view - 1) }),
    ids,
    idCount,
    outcome,
    ...(why !== undefined && { why }),
    requestId,
    count,
  };
}

type Writer = ReturnType<typeof createWriter>;
type Reader = ReturnType<typeof createReader>;

function createWriter() {
  let buffer = Buffer.allocUnsafe(1024);
  let end = 0;
  const reserve = (size: number) => {
    if (end + size <= buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, end + size));
    buffer.copy(larger, 0, 0, end);
    buffer = larger;
  };
  const writer = {
    number(value: number): void {
      reserve(8);
      let left = value;
      while (left >= 0x80) {
        buffer[end++] = (left % 0x80) + 0x80;
        left = Math.floor(left / 0x80);
      }
      buffer[end++] = left;
    },
    bytes(bytes: Uint8Array): void {
      reserve(bytes.length);
      buffer.set(bytes, end);
      end += bytes.length;
    },
    // JSON's escapes keep what UTF-8 cannot hold, such as half a surrogate pair.
    text(text: string): void {
      const bytes = Buffer.from(JSON.stringify(text).slice(1, -1));
      writer.number(bytes.length);
      writer.bytes(bytes);
    },
    uuid: (uuid: string): void => writer.bytes(Buffer.from(uuid.replaceAll('-', ''), 'hex')),
    take: (): Buffer => buffer.subarray(0, end),
  };
  return writer;
}

function createReader(bytes: Uint8Array) {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (size: number) => {
    if (at + size > buffer.length) fail('it ends in the middle of a line');
    at += size;
    return buffer.subarray(at - size, at);
  };
  const reader = {
    number(): number {
      let value = 0;
      for (let factor = 1; ; factor *= 0x80) {
        const byte = take(1)[0] as number;
        value += (byte % 0x80) * factor;
        if (byte < 0x80) return value;
        if (factor > Number.MAX_SAFE_INTEGER) fail('it holds a number that is too large');
      }
    },
    text(): string {
      try {
        return JSON.parse(`"${take(reader.number()).toString()}"`) as string;
      } catch (error) {
        return fail(`it holds a text that is none (${(error as Error).message})`);
      }
    },
    uuid: (): string =>
      take(16)
        .toString('hex')
        .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    list<T>(read: () => T): T[] {
      const list: T[] = [];
      for (let left = reader.number(); left > 0; left--) list.push(read());
      return list;
    },
    isAtEnd: () => at === buffer.length,
  };
  return reader;
}

function isUuid(text: string): boolean {
  return UUID.test(text);
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function fail(why: string): never {
  throw new Error(`This is no batch of the audit log: ${why}.`);
}
