import type { IncomingMessage } from 'node:http';
import type { UniversalHandler, UniversalServerRequest } from '@connectrpc/connect/protocol';
import { RpcError } from '../errors.ts';
import { readMessages, readWholeBody } from './http-body.ts';
import type { PartialMessages } from './partial-messages.ts';

// Of gRPC, gRPC-Web and Connect's streams: https://connectrpc.com/docs/protocol
const PREFIXED = /^application\/(?:grpc|connect\+)/i;

/** A call whose body is still to come. */
export interface IncomingCall {
  readonly request: IncomingMessage;
  readonly handler: UniversalHandler;
  readonly partial: PartialMessages;
}

/**
 * Gives Connect the body of a call in whole messages: it looks at all pieces again for each piece, and waits for them without
 * end. A call of one message is waited for to the end of its body, behind which another message could still come. A body that breaks a bound fails where Connect reads it, by what `toWire` makes of the fault.
 */
export async function readCallBody(
  universal: UniversalServerRequest,
  { request, handler, partial }: IncomingCall,
  toWire: (fault: RpcError) => Error,
): Promise<UniversalServerRequest> {
  const type = request.headers['content-type'] ?? '';
  if (request.method !== 'POST' || !handler.supportedContentType(type)) {
    // Connect answers without a look at the body.
    request.resume();
    return { ...universal, body: nothing() };
  }
  const source = { request, partial };
  const { methodKind } = handler.method;
  const isStream = methodKind === 'client_streaming' || methodKind === 'bidi_streaming';
  if (isStream && PREFIXED.test(type)) return { ...universal, body: failing(readMessages(source), toWire) };
  const body = readWholeBody(source);
  // Not before it is there: Connect makes room for all bytes that are announced.
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
