// Public API of @rollcall/vendor-client: typed clients of vendors and of their activities.
export {
  type ActivityClient,
  createActivityClient,
  createVendorClient,
  type VendorClient,
} from './vendor-client.ts';
