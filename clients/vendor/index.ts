// The door of @rollcall/vendor-client.
export {
  type ActivityClient,
  createActivityClient,
  createVendorClient,
  type VendorClient,
} from './vendor-client.ts';
