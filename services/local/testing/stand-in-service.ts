// A service for tests of whoever runs services: answers /readyz on STAND_IN_PORT until it is told to end, as the real ones do.
import { createServer } from 'node:http';

const { STAND_IN_PORT = '', STAND_IN_FAULT } = process.env;
if (STAND_IN_FAULT) {
  process.stderr.write(`${STAND_IN_FAULT}\n`);
  process.exit(1);
}

const server = createServer((request, response) => {
  if (request.url === '/crash') throw new Error('the roof fell in');
  response.statusCode = request.url === '/readyz' ? 200 : 404;
  response.end(String(process.pid));
}).listen(Number(STAND_IN_PORT), '127.0.0.1');

const end = (why: string) => {
  process.stdout.write(`${JSON.stringify({ level: 'info', msg: `ended by ${why}` })}\n`);
  server.close(() => process.exit(0));
  server.closeAllConnections();
};
process.once('SIGTERM', () => end('SIGTERM'));
process.once('disconnect', () => end('disconnect'));
