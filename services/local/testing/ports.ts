import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** Whether a process listens on the port. */
export async function isListening(port: number): Promise<boolean> {
  const server = createServer();
  const free = once(server, 'listening').then(() => true);
  const taken = once(server, 'error').then(() => false);
  server.listen(port, '127.0.0.1');
  const isFree = await Promise.race([free, taken]).catch(() => false);
  server.close();
  return !isFree;
}

/** Returns ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
