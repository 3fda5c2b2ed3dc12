import { ActivityService, VendorService } from '@rollcall/contract/vendor';
import { type ConnectionOptions, createServiceClient, type ServiceClient } from '@rollcall/transport';

/** Connect's typed client of VendorService, with `close`. */
export type VendorClient = ServiceClient<typeof VendorService>;

/** Connect's typed client of ActivityService, with `close`. */
export type ActivityClient = ServiceClient<typeof ActivityService>;

/** Makes a client of the vendors. Its reads are retried; repeat a write with the same `requestId`. Throws TransportOptionError. */
export function createVendorClient(options: ConnectionOptions): VendorClient {
  return createServiceClient(VendorService, options);
}

/** Makes a client of what vendors offer. Its reads are retried; repeat a write with the same `requestId`. Throws TransportOptionError. */
export function createActivityClient(options: ConnectionOptions): ActivityClient {
  return createServiceClient(ActivityService, options);
}
