import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A port in front of another one, so that a test can cut the connection between a client and a server. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Closes all connections and refuses new ones, as a stopped server does. */
  cut(): Promise<void>;
  /** Keeps connections open and forwards nothing, as a network that drops packets does. */
  freeze(): void;
  /** Forwards everything again. */
  mend(): Promise<void>;
}

/** Opens a proxy on a free port of 127.0.0.1. */
export async function openTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let frozen = false;
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
    if (frozen) socket.pause();
  };
  const server = createServer((near) => {
    const far = connect(target.port, target.host);
    for (const socket of [near, far]) track(socket);
    near.on('data', (bytes) => far.write(bytes)).once('close', () => far.destroy());
    far.on('data', (bytes) => near.write(bytes)).once('close', () => near.destroy());
    if (frozen) for (const socket of [near, far]) socket.pause();
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const cut = async () => {
    const closed = new Promise<void>((resolve) =>
      server.listening ? server.close(() => resolve()) : resolve(),
    );
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    port,
    cut,
    freeze: () => {
      frozen = true;
      for (const socket of sockets) socket.pause();
    },
    mend: async () => {
      frozen = false;
      for (const socket of sockets) socket.resume();
      if (!server.listening) await listen(port);
    },
    [Symbol.asyncDispose]: cut,
  };
}
