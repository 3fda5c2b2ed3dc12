import type { Secret } from './secret.ts';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const DEFAULT_PORT = '5432';

/**
 * Whether two URLs, as `databaseUrlSetting` reads them, name the same database, whoever enters it. Host names are compared, not
 * looked up; the names of this machine are one.
 */
export function namesSameDatabase(one: Secret, other: Secret): boolean {
  return placeOf(one) === placeOf(other);
}

function placeOf(secret: Secret): string {
  const { hostname, port, pathname } = new URL(secret.reveal());
  const host = LOOPBACK.includes(hostname.toLowerCase()) ? 'localhost' : hostname.toLowerCase();
  return JSON.stringify([host, port || DEFAULT_PORT, decodeURIComponent(pathname)]);
}
