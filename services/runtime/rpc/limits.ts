/** The largest message, in bytes, that either door takes or sends: the default of gRPC libraries, 4 MiB. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
