import type { GrpcTransportOptions } from './transport-options.ts';

/** The options that a fault can be about. */
export type TransportOption = keyof GrpcTransportOptions | 'options' | 'transport';

/** An option cannot be used. Thrown while a transport is made, before any call leaves. */
export class TransportOptionError extends Error {
  override readonly name = 'TransportOptionError';
  /** Stable; the same for every fault of an option. */
  readonly reason = 'option_invalid';
  /** The option at fault. */
  readonly option: TransportOption;

  constructor(option: TransportOption, fault: string, cause?: unknown) {
    super(`${option}: ${fault}`, cause === undefined ? undefined : { cause });
    this.option = option;
  }
}
