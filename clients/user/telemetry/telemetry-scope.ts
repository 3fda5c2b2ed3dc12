/** Who says it: the name and version of every meter and tracer of the client. The version is the one of its package. */
export const SCOPE = { name: '@rollcall/user-client', version: '0.1.0' } as const;
