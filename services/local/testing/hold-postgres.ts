// A launcher that tests kill: starts Postgres in the given directory, prints one line of JSON, and runs until
// SIGTERM.
import { once } from 'node:events';
import { startEmbeddedPostgres } from '../postgres/start-embedded-postgres.ts';

const [dataDirectory = '', port = '0'] = process.argv.slice(2);
await using postgres = await startEmbeddedPostgres({
  dataDirectory,
  port: Number(port),
  databases: ['auth', 'booking'],
  // Spares the disk only: a killed process loses nothing that it had handed to the system.
  durable: false,
  settings: { synchronous_commit: 'on', full_page_writes: 'on' },
});
const { adminUrl, location } = postgres;
const urls = { auth: postgres.ownerUrl('auth'), booking: postgres.databaseUrl('booking') };
process.stdout.write(`${JSON.stringify({ adminUrl, location, urls, port: postgres.port })}\n`);
// Else nothing would keep Node running.
const alive = setInterval(() => {}, 60_000);
await Promise.race([once(process, 'SIGTERM'), postgres.ended]);
clearInterval(alive);
