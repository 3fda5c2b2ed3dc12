import type { IncomingMessage } from 'node:http';
import type { UniversalHandler, UniversalServerRequest } from '@connectrpc/connect/protocol';
import { RpcError } from '../errors.ts';
import { readMessages, readWholeBody } from './http-body.ts';
import type { PartialMessages } from './partial-messages.ts';

// Content types of gRPC, gRPC-Web and Connect's streams: https://connectrpc.com/docs/protocol
const PREFIXED = /^application\/(?:grpc|connect\+)/i;

/** A call whose body has not arrived. */
interface IncomingCall {
  readonly request: IncomingMessage;
  readonly handler: UniversalHandler;
  readonly partial: PartialMessages;
}

/**
 * Passes the body of a call to Connect in whole messages, because Connect scans all pieces again for each new
 * one, and waits for them without end. A call with one message is read to the end of its body, where a second
 * message could follow. A body over a limit fails with the error that `toWire` returns.
 */
export async function readCallBody(
  universal: UniversalServerRequest,
  { request, handler, partial }: IncomingCall,
  toWire: (fault: RpcError) => Error,
): Promise<UniversalServerRequest> {
  const type = request.headers['content-type'] ?? '';
  if (request.method !== 'POST' || !handler.supportedContentType(type)) {
    // Connect answers without reading the body.
    request.resume();
    return { ...universal, body: nothing() };
  }
  const source = { request, partial };
  const { methodKind } = handler.method;
  const isStream = methodKind === 'client_streaming' || methodKind === 'bidi_streaming';
  if (isStream && PREFIXED.test(type)) return { ...universal, body: failing(readMessages(source), toWire) };
  const body = readWholeBody(source);
  // Awaited first, because Connect allocates all announced bytes at once.
  await body.catch(() => {});
  return { ...universal, body: failing(once(body), toWire) };
}

async function* failing(body: AsyncIterable<Uint8Array>, toWire: (fault: RpcError) => Error) {
  try {
    yield* body;
  } catch (error) {
    throw error instanceof RpcError ? toWire(error) : error;
  }
}

async function* once(body: Promise<Uint8Array>): AsyncGenerator<Uint8Array> {
  const bytes = await body;
  if (bytes.length > 0) yield bytes;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
