/** Longest row in bytes that becomes text as a whole. */
export const MAX_WHOLE_BYTES = 1024;

/**
 * A row as Postgres sent it, whose fields are read one after another, in place of the message that pg makes of it. Making a
 * text costs about the same whether it is short or long, so a row becomes one text of which the fields are parts. A field that
 * is kept keeps that text with it; therefore of a long row each field becomes a text of its own.
 */
export class RawRow {
  readonly name = 'dataRow';
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #whole = '';
  #from = 0;
  #to = 0;

  /** Begins with the row whose message is at these bytes: the number of fields, then each behind its length. */
  begin(bytes: Buffer, start: number, end: number): void {
    this.#bytes = bytes;
    this.#start = start;
    this.#to = start + 2;
    this.#whole = end - start > MAX_WHOLE_BYTES ? '' : bytes.toString('latin1', start, end);
  }

  /** Goes on to the next field. False: it is null. */
  next(): boolean {
    const length = this.#bytes.readInt32BE(this.#to);
    this.#from = this.#to + 4;
    this.#to = length < 0 ? this.#from : this.#from + length;
    return length >= 0;
  }

  /** The field of a type that is written in ASCII. */
  ascii(): string {
    if (this.#whole === '') return this.#bytes.toString('latin1', this.#from, this.#to);
    return this.#whole.substring(this.#from - this.#start, this.#to - this.#start);
  }

  /** The field of any other type. */
  text(): string {
    const bytes = this.#bytes;
    for (let at = this.#from; at < this.#to; at++) {
      if ((bytes[at] as number) > 0x7f) return bytes.toString('utf8', this.#from, this.#to);
    }
    return this.ascii();
  }

  /** All fields, as pg has them in its message. */
  get fields(): (string | null)[] {
    const count = this.#bytes.readInt16BE(this.#start);
    this.#to = this.#start + 2;
    return Array.from({ length: count }, () => (this.next() ? this.text() : null));
  }
}
