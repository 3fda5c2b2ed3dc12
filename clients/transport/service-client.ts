import type { DescService } from '@bufbuild/protobuf';
import { type Client, createClient } from '@connectrpc/connect';
import { type ConnectionOptions, openTransport } from './open-transport.ts';

/** Connect's typed client of a service, one method per RPC, that closes what it opened. */
export type ServiceClient<Service extends DescService> = Client<Service> &
  Disposable & {
    /** Cancels open calls and closes connections, unless the transport was passed in. */
    close(): void;
  };

/** Makes the typed client of a service; its reads are retried. Throws TransportOptionError. */
export function createServiceClient<Service extends DescService>(
  service: Service,
  options: ConnectionOptions,
): ServiceClient<Service> {
  const { transport, close } = openTransport(options, [service]);
  return Object.assign(createClient(service, transport), { close, [Symbol.dispose]: close });
}
