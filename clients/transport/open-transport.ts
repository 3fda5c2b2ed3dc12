import type { DescService } from '@bufbuild/protobuf';
import { type Client, createClient, type Transport } from '@connectrpc/connect';
import { createGrpcTransport, DEFAULT_TIMEOUT_MS } from './grpc-transport.ts';
import type { CallGuard } from './guard/call-guard.ts';
import { guardTransport } from './guard/guard-transport.ts';
import { showValue } from './show-value.ts';
import { checkOptions, type GrpcTransportOptions, TransportOptionError } from './transport-options.ts';

/**
 * How a client reaches its service: by `address` and the options of a channel, or by an existing `transport`.
 */
export interface ConnectionOptions extends Partial<Omit<GrpcTransportOptions, 'retryReadsOf'>> {
  /**
   * An existing Connect transport, shared or in memory. It keeps its own deadlines and retries, and its
   * creator closes it. Excludes every option of a channel.
   */
  transport?: Transport;
  /** The guard that every call passes. Its creator closes it. Absent: no guard. */
  guard?: CallGuard | undefined;
}

/** A transport, and how to close it. */
export interface OpenedTransport {
  transport: Transport;
  /** Closes the transport, unless the caller passed it in. */
  close(): void;
}

const CHANNEL_OPTIONS = [
  'address',
  'tls',
  'allowInsecure',
  'defaultTimeoutMs',
  'connectTimeoutMs',
  'keepAliveMs',
  'keepAliveTimeoutMs',
  'maxReconnectBackoffMs',
  'callerToken',
  'interceptors',
] as const satisfies (keyof ConnectionOptions)[];

/**
 * Returns the given transport, or creates one that retries the reads of `services`.
 * @throws TransportOptionError when an option cannot be used
 */
export function openTransport(options: ConnectionOptions, services: readonly DescService[]): OpenedTransport {
  checkOptions(options);
  const { guard, ...connection } = options;
  const opened = openUnguarded(connection, services);
  if (guard === undefined) return opened;
  const { defaultTimeoutMs = DEFAULT_TIMEOUT_MS } = options;
  return { ...opened, transport: guardTransport(opened.transport, guard, defaultTimeoutMs) };
}

function openUnguarded(
  options: Omit<ConnectionOptions, 'guard'>,
  services: readonly DescService[],
): OpenedTransport {
  const { transport, address, ...rest } = options;
  if (transport !== undefined) {
    const contradicting = CHANNEL_OPTIONS.find((option) => options[option] !== undefined);
    if (contradicting === undefined) return { transport: toTransport(transport), close: () => {} };
    throw new TransportOptionError(
      contradicting,
      'goes with address, not with transport; set it where the transport is made',
    );
  }
  if (address === undefined)
    throw new TransportOptionError('address', 'is missing; give address or transport');
  const opened = createGrpcTransport({ ...rest, address, retryReadsOf: services });
  return { transport: opened, close: () => opened.close() };
}

function toTransport(transport: Partial<Transport> | null): Transport {
  if (typeof transport?.unary === 'function' && typeof transport.stream === 'function')
    return transport as Transport;
  throw new TransportOptionError(
    'transport',
    `${showValue(transport)} is not a Connect transport, which has unary and stream; make one with createGrpcTransport`,
  );
}

/** Connect's typed client of a service, one method per RPC, with `close`. */
export type ServiceClient<Service extends DescService> = Client<Service> &
  Disposable & {
    /** Cancels open calls and closes connections, unless the transport was passed in. */
    close(): void;
  };

/**
 * Creates the typed client of a service, which retries its reads.
 * @throws TransportOptionError when an option cannot be used
 */
export function createServiceClient<Service extends DescService>(
  service: Service,
  options: ConnectionOptions,
): ServiceClient<Service> {
  const { transport, close } = openTransport(options, [service]);
  return Object.assign(createClient(service, transport), { close, [Symbol.dispose]: close });
}
