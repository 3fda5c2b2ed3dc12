import { StartupError } from '../startup-error.ts';

/** A door that listens. Disposing it takes no new calls, lets those in progress end for a while, then closes. */
export interface ListeningServer extends AsyncDisposable {
  readonly host: string;
  /** The port it listens on, also where 0 was asked for. */
  readonly port: number;
}

/** The largest message, in bytes, that either door takes or sends: the default of gRPC libraries, 4 MiB. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** The longest list of headers, in bytes, that either server takes: what Node takes over HTTP/1.1, 16 KiB. */
export const MAX_HEADER_BYTES = 16 * 1024;

/** The most connections at once on one port. What each costs without a call is some tens of KiB. */
export const MAX_CONNECTIONS = 8192;

/** Whether an address can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Turns the failure to listen on a port into one line that names the port, the variable and the cure. */
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
