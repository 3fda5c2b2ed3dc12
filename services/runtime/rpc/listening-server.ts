import { StartupError } from '../startup-error.ts';

/**
 * A server that listens. Disposing accepts no new calls, lets those in progress end for a while, then closes.
 */
export interface ListeningServer extends AsyncDisposable {
  readonly host: string;
  /** The port in use, even if 0 was requested. */
  readonly port: number;
}

/** The largest message that either server receives or sends. Bytes. The default of gRPC libraries, 4 MiB. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** The largest list of headers that either server accepts. Bytes. Node's default for HTTP/1.1, 16 KiB. */
export const MAX_HEADER_BYTES = 16 * 1024;

/** The most connections on one port. A connection without a call takes some tens of KiB. */
export const MAX_CONNECTIONS = 8192;

/** Whether an address can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Converts the failure to listen on a port into one line that names the port, the variable and the cure.
 * @throws StartupError
 */
export function listenFault({
  port,
  variable,
}: {
  port: number;
  variable: string;
}): (error: unknown) => never {
  return (error) => {
    const text = error instanceof Error ? error.message : String(error);
    if (/EADDRINUSE|address already in use/i.test(text)) {
      throw new StartupError(
        `Port ${port} is in use: end what listens there, or set ${variable} to another port`,
        { cause: error },
      );
    }
    throw new StartupError(`Port ${port} cannot be listened on (${text}): set ${variable} to another port`, {
      cause: error,
    });
  };
}
