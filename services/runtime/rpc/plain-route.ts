import type { IncomingMessage } from 'node:http';

/** A plain path that takes a body, beside the calls: what others post to us in a form of their own. Answers POST. */
export interface PlainRoute {
  /** The most bytes of a body; one more is answered 413, and read no further. */
  readonly maxBytes: number;
  /** How long a body may take to arrive, in ms; longer is answered 408. Default 10000. */
  readonly readTimeoutMs?: number;
  /** Must not reject: what fails is answered 500 without a word on why. */
  readonly answer: (post: PlainPost) => Promise<PlainAnswer>;
}

/** What was posted. Nobody has checked who posts it. */
export interface PlainPost {
  /** As it came, byte for byte. */
  readonly body: Buffer;
  /** Address of the caller, `host:port`. */
  readonly peer: string;
  /** A header of the request, by lower-case name. */
  header(name: string): string | undefined;
}

/** What is answered. */
export interface PlainAnswer {
  readonly status: number;
  /** Content type. */
  readonly type: string;
  readonly body: string;
}

const READ_TIMEOUT_MS = 10_000;

/** A body that is not read to its end: the answer that says so. */
export class BodyRefused extends Error {
  override readonly name = 'BodyRefused';
  readonly status: 408 | 413;

  constructor(status: 408 | 413, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Reads a body to its end.
 * @throws BodyRefused where it is too long or too slow, and the error of the connection where that breaks
 */
export async function readBody(request: IncomingMessage, route: PlainRoute): Promise<Buffer> {
  const { maxBytes, readTimeoutMs = READ_TIMEOUT_MS } = route;
  const tooLong = () => new BodyRefused(413, `The body is longer than ${maxBytes} bytes.`);
  if (Number(request.headers['content-length']) > maxBytes) throw tooLong();
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let length = 0;
  const take = (chunk: Buffer) => {
    length += chunk.length;
    if (length > maxBytes) reject(tooLong());
    else chunks.push(chunk);
  };
  const timer = setTimeout(
    () => reject(new BodyRefused(408, `The body took longer than ${readTimeoutMs} ms.`)),
    readTimeoutMs,
  );
  const listeners = {
    data: take,
    end: () => resolve(Buffer.concat(chunks)),
    error: reject,
    close: () => reject(new Error('The connection closed before the body ended.')),
  };
  for (const [event, listener] of Object.entries(listeners)) request.on(event, listener);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    for (const [event, listener] of Object.entries(listeners)) request.off(event, listener);
  }
}
