import { isUtf8 } from 'node:buffer';
import type { FieldSizes, MessageSizes, ValueSizes } from './message-sizes.ts';
import { type RequestFault, tooLarge, tooLong, tooMany, unstorable, within } from './request-fault.ts';
import { DELIMITED, FIXED32, FIXED64, VARINT } from './scalar-sizes.ts';

/** Result of a scan of malformed bytes: incomplete, or with a value of another wire type than its field. */
export const MALFORMED = 'malformed';

type Found = RequestFault | typeof MALFORMED | undefined;

/**
 * Finds the first field of an encoded message that breaks its limit, without decoding. Takes time linear to
 * the bytes, and memory linear to the limits.
 */
export function scanBinary(sizes: MessageSizes, bytes: Uint8Array): Found {
  return scanMessage(sizes, new Bytes(bytes, 0, bytes.length), new Counts());
}

/**
 * Counts elements of one message. A single message that is sent in parts counts as one: its lists grow from
 * part to part.
 */
class Counts {
  readonly items = new Map<FieldSizes, number>();
  readonly within = new Map<FieldSizes, Counts>();
}

function scanMessage(sizes: MessageSizes, bytes: Bytes, counts: Counts): Found {
  while (!bytes.isAtEnd) {
    const tag = bytes.readTag();
    if (tag === undefined) return MALFORMED;
    const wireType = tag % 8;
    const field = sizes.byNumber.get((tag - wireType) / 8);
    const found = field ? scanField(field, wireType, { bytes, counts }) : bytes.skip(wireType);
    if (found) return found;
  }
  return undefined;
}

interface Place {
  readonly bytes: Bytes;
  readonly counts: Counts;
}

function scanField(field: FieldSizes, wireType: number, { bytes, counts }: Place): Found {
  if (field.kind === 'single') return scanValue(field, wireType, { bytes, counts });
  const isPacked = wireType === DELIMITED && field.key === undefined && field.value.wireType !== DELIMITED;
  const packed = isPacked ? bytes.readDelimited() : undefined;
  const added = isPacked ? packed?.countPacked(field.value.wireType) : 1;
  if (added === undefined) return MALFORMED;
  const index = counts.items.get(field) ?? 0;
  if (index + added > field.maxItems) return tooMany(field);
  counts.items.set(field, index + added);
  if (packed) return undefined;
  if (field.key)
    return scanEntry(field, field.key, wireType === DELIMITED ? bytes.readDelimited() : undefined);
  return scanValue(field, wireType, { bytes, counts: new Counts() }, index);
}

// An entry of a map is a message with the key as field 1 and the value as field 2.
function scanEntry(field: FieldSizes, key: ValueSizes, entry: Bytes | undefined): Found {
  if (!entry) return MALFORMED;
  const counts = new Counts();
  while (!entry.isAtEnd) {
    const tag = entry.readTag();
    if (tag === undefined) return MALFORMED;
    const wireType = tag % 8;
    const number = (tag - wireType) / 8;
    const part = number === 1 ? { ...field, value: key } : number === 2 ? field : undefined;
    const found = part ? scanValue(part, wireType, { bytes: entry, counts }) : entry.skip(wireType);
    if (found) return found;
  }
  return undefined;
}

function scanValue(field: FieldSizes, wireType: number, { bytes, counts }: Place, index?: number): Found {
  const { value } = field;
  // The decoder reads by the type of the field, whatever the tag says; the scan must continue at the same
  // position.
  if (wireType !== value.wireType) return MALFORMED;
  if (wireType !== DELIMITED) return bytes.skip(wireType);
  const content = bytes.readDelimited();
  if (!content) return MALFORMED;
  const found = scanContent(field, content, counts);
  return found && found !== MALFORMED ? within(field, found, index) : found;
}

function scanContent(field: FieldSizes, content: Bytes, counts: Counts): Found {
  const { value } = field;
  const { text, maxBytes, message } = value;
  if (text) {
    if (content.length > text.maxBytes || content.hasMoreChars(text.maxChars)) return tooLong(value);
    return text.isUtf8 && !content.isUtf8 ? unstorable : undefined;
  }
  if (maxBytes !== undefined && content.length > maxBytes) return tooLarge(maxBytes);
  if (!message) return undefined;
  let inner = counts.within.get(field);
  if (!inner) {
    inner = new Counts();
    counts.within.set(field, inner);
  }
  return scanMessage(message, content, inner);
}

/** A range of an encoded message, and the current position in it. */
class Bytes {
  readonly #all: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(all: Uint8Array, start: number, end: number) {
    this.#all = all;
    this.#at = start;
    this.#end = end;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end;
  }

  get length(): number {
    return this.#end - this.#at;
  }

  get isUtf8(): boolean {
    return isUtf8(this.#all.subarray(this.#at, this.#end));
  }

  /** Reads field number and wire type. Undefined when they are malformed. */
  readTag(): number | undefined {
    const tag = this.#varint32();
    return tag === undefined || tag < 8 ? undefined : tag;
  }

  /** Reads a length and the bytes after it. Undefined when there are fewer. */
  readDelimited(): Bytes | undefined {
    const length = this.#varint32();
    if (length === undefined || length > this.#end - this.#at) return undefined;
    const start = this.#at;
    this.#at += length;
    return new Bytes(this.#all, start, this.#at);
  }

  skip(wireType: number): typeof MALFORMED | undefined {
    if (wireType === VARINT) return this.#skipVarint() ? undefined : MALFORMED;
    if (wireType === DELIMITED) return this.readDelimited() ? undefined : MALFORMED;
    if (wireType !== FIXED64 && wireType !== FIXED32) return MALFORMED;
    this.#at += wireType === FIXED64 ? 8 : 4;
    return this.#at > this.#end ? MALFORMED : undefined;
  }

  /** Number of packed numbers. Undefined when the last one is incomplete. */
  countPacked(wireType: number): number | undefined {
    if (wireType !== VARINT) {
      const count = this.length / (wireType === FIXED64 ? 8 : 4);
      return Number.isInteger(count) ? count : undefined;
    }
    let count = 0;
    for (let at = this.#at; at < this.#end; at++) if (this.#byte(at) < 128) count++;
    return this.length > 0 && this.#byte(this.#end - 1) > 127 ? undefined : count;
  }

  /**
   * Whether the range holds more characters of UTF-8. Only bytes after the first one of a character begin
   * with the bits 10.
   */
  hasMoreChars(maxChars: number): boolean {
    if (this.length <= maxChars) return false;
    let chars = 0;
    for (let at = this.#at; at < this.#end; at++) if ((this.#byte(at) & 0xc0) !== 0x80) chars++;
    return chars > maxChars;
  }

  #byte(at: number): number {
    return this.#all[at] as number;
  }

  #varint32(): number | undefined {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      if (this.#at >= this.#end) return undefined;
      const byte = this.#byte(this.#at++);
      value += (byte & 127) * scale;
      if (byte < 128) return value < 2 ** 32 ? value : undefined;
    }
    return undefined;
  }

  #skipVarint(): boolean {
    for (let count = 0; count < 10 && this.#at < this.#end; count++) {
      if (this.#byte(this.#at++) < 128) return true;
    }
    return false;
  }
}
