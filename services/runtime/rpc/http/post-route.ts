import { RpcError } from '../errors.ts';
import { type BodySource, readWholeBody } from '../ingress/http-body.ts';

/** A plain path that takes a body, beside the calls: what others post to us in a form of their own. Answers POST. */
export interface PostRoute {
  /** The most bytes of a body; one more is answered 413, and read no further. */
  readonly maxBytes: number;
  /** How long a body may take to arrive, in ms; longer is answered 408. Default 10000. */
  readonly readTimeoutMs?: number;
  /**
   * Names by which the path may be addressed, besides those of loopback, where callers of the port are not authenticated: of a
   * tunnel or a proxy in front of it. In lower case; without a port any port is meant. Default: none.
   */
  readonly hosts?: readonly string[];
  /** Must not reject: what fails is answered 500 without a word on why. */
  readonly answer: (post: PostRequest) => Promise<HttpAnswer>;
}

/** What was posted. Nobody has checked who posts it. */
export interface PostRequest {
  /** As it came, byte for byte. */
  readonly body: Buffer;
  /** Address of the caller, `host:port`. */
  readonly peer: string;
  /** A header of the request, by lower-case name. */
  header(name: string): string | undefined;
}

/** What is answered. */
export interface HttpAnswer {
  readonly status: number;
  /** Content type. */
  readonly type: string;
  readonly body: string;
}

const READ_TIMEOUT_MS = 10_000;

const STATUS = { DEADLINE_EXCEEDED: 408, MESSAGE_TOO_LARGE: 413, OVERLOADED: 503 } as const;

/** A body that is not read to its end: the answer that says so. */
export class BodyRefusedError extends Error {
  override readonly name = 'BodyRefusedError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Reads a body to its end.
 * @throws BodyRefusedError where it is too long or too slow, and the error of the connection where that breaks
 */
export async function readBody(source: BodySource, route: PostRoute): Promise<Buffer> {
  const { maxBytes, readTimeoutMs = READ_TIMEOUT_MS } = route;
  try {
    return await readWholeBody({ ...source, maxBytes, timeoutMs: readTimeoutMs });
  } catch (error) {
    if (!(error instanceof RpcError) || !Object.hasOwn(STATUS, error.reason)) throw error;
    throw new BodyRefusedError(STATUS[error.reason as keyof typeof STATUS], error.message);
  }
}
