import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { type ContextValues, createContextKey, createContextValues } from '@connectrpc/connect';

/** Makes the answer's message of its bytes, as `fromBinary` would. What it throws fails the call with INTERNAL. */
export type AnswerDecoder<O extends DescMessage> = (bytes: Uint8Array) => MessageShape<O>;

const DECODER = createContextKey<AnswerDecoder<DescMessage> | undefined>(undefined, {
  description: 'decoder of the answer',
});

/**
 * For `contextValues` of a call that can read its answer faster than by the descriptor. A transport that is not of this
 * package does not know of it, and decodes as ever.
 * @param _method that is called: its answer is what `decode` makes.
 */
export function withAnswerDecoder<O extends DescMessage>(
  _method: { readonly output: O },
  decode: AnswerDecoder<O>,
): ContextValues {
  return createContextValues().set(DECODER, decode as AnswerDecoder<DescMessage>);
}

/** The decoder that a call of `method` brought. */
export function answerDecoderOf<O extends DescMessage>(
  _method: { readonly output: O },
  values: ContextValues,
): AnswerDecoder<O> | undefined {
  return values.get(DECODER) as AnswerDecoder<O> | undefined;
}
