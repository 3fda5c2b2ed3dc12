// The door of the vendor service, for whoever starts it in a process of their own making.
export { VENDOR_SETTINGS, type VendorConfig } from './config.ts';
export { createVendorService, type VendorService } from './service.ts';
