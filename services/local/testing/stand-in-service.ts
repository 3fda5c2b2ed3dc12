// A fake service for tests of supervision: answers /readyz and /healthz on STAND_IN_PORT until SIGTERM.
// /crash ends it, /slow makes it not ready, /log?LINE logs a line, /worker answers the pid of a child
// process.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';

const { STAND_IN_PORT = '', STAND_IN_NEEDS, STAND_IN_FAULT } = process.env;
const fault = STAND_IN_NEEDS && !existsSync(STAND_IN_NEEDS) ? `${STAND_IN_NEEDS} is missing` : STAND_IN_FAULT;
if (fault) {
  process.stderr.write(`${fault}\n`);
  process.send?.({ startupFault: fault });
  process.exit(1);
}

let isReady = true;
const server = createServer((request, response) => {
  const [path, query = ''] = (request.url ?? '').split('?');
  if (path === '/crash') throw new Error('the roof fell in');
  if (path === '/slow') isReady = false;
  if (path === '/log') process.stdout.write(`${decodeURIComponent(query)}\n`);
  response.statusCode = path === '/readyz' && !isReady ? 503 : 200;
  response.end(path === '/worker' ? String(startWorker()) : String(process.pid));
}).listen(Number(STAND_IN_PORT), '127.0.0.1');

function startWorker(): number | undefined {
  return spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' }).pid;
}

const end = (why: string) => {
  process.stdout.write(`${JSON.stringify({ level: 'info', msg: `ended by ${why}` })}\n`);
  server.close(() => process.exit(0));
  server.closeAllConnections();
};
process.once('SIGTERM', () => end('SIGTERM'));
process.once('disconnect', () => end('disconnect'));
