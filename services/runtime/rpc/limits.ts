/** The largest message, in bytes, that either door takes or sends: the default of gRPC libraries, 4 MiB. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** The longest list of headers, in bytes, that either server takes: what Node takes over HTTP/1.1, 16 KiB. */
export const MAX_HEADER_BYTES = 16 * 1024;

/** The most connections at once on one port. What each costs without a call is some tens of KiB. */
export const MAX_CONNECTIONS = 8192;
