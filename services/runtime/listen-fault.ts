import { StartupError } from './startup-error.ts';

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
