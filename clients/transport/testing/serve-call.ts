import { Buffer } from 'node:buffer';
import { create, type DescMethod, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import {
  ConnectError,
  createHandlerContext,
  type HandlerContext,
  type MethodImplSpec,
} from '@connectrpc/connect';
import type {
  Metadata,
  ServerUnaryCall,
  ServerWritableStream,
  StatusObject,
  sendUnaryData,
} from '@grpc/grpc-js';
import { StatusSchema } from '@rollcall/contract';
import { headersFromMetadata, metadataFromHeaders } from '../call/wire.ts';

/** The path of a method, and how the server decodes requests and encodes responses. */
export function toServerWire(method: DescMethod) {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    parse: (bytes: Buffer): Message => fromBinary(method.input, bytes),
    serialize: (message: Message): Buffer => Buffer.from(toBinary(method.output, message)),
  };
}

type UnarySpec = Extract<MethodImplSpec, { kind: 'unary' }>;
type StreamSpec = Extract<MethodImplSpec, { kind: 'server_streaming' }>;
type Call = ServerUnaryCall<Message, Message> | ServerWritableStream<Message, Message>;

/** Answers a unary call with a message or a status. */
export async function serveUnary(
  spec: UnarySpec,
  call: ServerUnaryCall<Message, Message>,
  answer: sendUnaryData<Message>,
): Promise<void> {
  const context = toContext(spec, call);
  try {
    const message = await spec.impl(call.request, context);
    call.sendMetadata(metadataFromHeaders(context.responseHeader));
    answer(null, create(spec.method.output, message), metadataFromHeaders(context.responseTrailer));
  } catch (error) {
    answer(toStatus(error, context));
  }
}

/** Answers a server stream with messages, then a status. */
export async function serveStream(
  spec: StreamSpec,
  call: ServerWritableStream<Message, Message>,
): Promise<void> {
  const context = toContext(spec, call);
  call.sendMetadata(metadataFromHeaders(context.responseHeader));
  try {
    for await (const message of spec.impl(call.request, context))
      call.write(create(spec.method.output, message));
    call.end(metadataFromHeaders(context.responseTrailer));
  } catch (error) {
    call.emit('error', toStatus(error, context));
  }
}

function toContext(spec: UnarySpec | StreamSpec, call: Call): HandlerContext {
  const canceled = new AbortController();
  call.on('cancelled', () => canceled.abort());
  return createHandlerContext({
    service: spec.method.parent,
    method: spec.method,
    protocolName: 'grpc',
    requestMethod: 'POST',
    url: call.getPath(),
    requestHeader: headersFromMetadata(call.metadata),
    requestSignal: canceled.signal,
  });
}

function toStatus(reason: unknown, context: HandlerContext): StatusObject {
  const error = ConnectError.from(reason);
  const metadata: Metadata = metadataFromHeaders(context.responseTrailer);
  metadata.merge(metadataFromHeaders(error.metadata));
  const pushback = error.metadata.get('grpc-retry-pushback-ms');
  if (pushback !== null) metadata.set('grpc-retry-pushback-ms', pushback);
  const details = error.details.map((detail) =>
    'desc' in detail
      ? anyPack(detail.desc, create(detail.desc, detail.value))
      : { typeUrl: `type.googleapis.com/${detail.type}`, value: detail.value },
  );
  if (details.length > 0) {
    const status = create(StatusSchema, { code: error.code, message: error.rawMessage, details });
    metadata.set('grpc-status-details-bin', Buffer.from(toBinary(StatusSchema, status)));
  }
  return { code: error.code as number, details: error.rawMessage, metadata };
}
