import type { Message } from '@bufbuild/protobuf';

/**
 * An answer that its handler can give in two forms, and makes in the one that the door wants: bytes where the wire is
 * binary and they are at hand, the message where it is turned into something else, such as JSON. Both must say the same.
 */
export class PreparedAnswer<Answer extends Message> {
  readonly toBytes: () => Uint8Array;
  readonly toMessage: () => Answer;

  constructor(forms: { toBytes: () => Uint8Array; toMessage: () => Answer }) {
    this.toBytes = forms.toBytes;
    this.toMessage = forms.toMessage;
  }
}
