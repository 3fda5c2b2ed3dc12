// Public API of @rollcall/vendor: starts the service in a process of the caller.
export { VENDOR_SETTINGS, type VendorConfig } from './config.ts';
export { createVendorService, type VendorService } from './service.ts';
