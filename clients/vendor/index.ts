// Public API of @rollcall/vendor-client: typed clients of vendors and of their activities.

import { ActivityService, VendorService } from '@rollcall/contract/vendor';
import { type ConnectionOptions, createServiceClient, type ServiceClient } from '@rollcall/transport';

/** Connect's typed client of VendorService, with `close`. */
export type VendorClient = ServiceClient<typeof VendorService>;

/** Connect's typed client of ActivityService, with `close`. */
export type ActivityClient = ServiceClient<typeof ActivityService>;

/**
 * Creates a client of vendors. Reads are retried. Writes are not: repeat a write with its `requestId`.
 * @throws TransportOptionError when an option cannot be used
 */
export function createVendorClient(options: ConnectionOptions): VendorClient {
  return createServiceClient(VendorService, options);
}

/**
 * Creates a client of the activities of vendors. Reads are retried. Writes are not: repeat a write with its
 * `requestId`.
 * @throws TransportOptionError when an option cannot be used
 */
export function createActivityClient(options: ConnectionOptions): ActivityClient {
  return createServiceClient(ActivityService, options);
}
