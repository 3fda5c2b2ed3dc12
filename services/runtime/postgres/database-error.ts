/**
 * Why a database does not do what it does at other times: it cannot be reached or lacks a resource, its disk is full, or it takes no writes
 * for now.
 */
export type DatabaseOutage = 'unavailable' | 'full' | 'read_only';

/** What an error says of the state of the database; undefined: it is about what was asked, or no error of a database. */
export function databaseOutage(error: unknown): DatabaseOutage | undefined {
  for (const { code, message } of causesOf(error)) {
    const outage = code === undefined ? undefined : outageOf(code);
    if (outage) return outage;
    if (LOST_CONNECTION.test(message)) return 'unavailable';
  }
  return undefined;
}

/** Whether the database answered that it lacks memory, connections or another resource, but for room on its disk. */
export function isOutOfResources(error: unknown): boolean {
  return [...causesOf(error)].some(
    ({ code }) => code !== undefined && code !== DISK_FULL && /^53...$/.test(code),
  );
}

/** Whether an error means that the database cannot be reached now, rather than that it refused what was asked. */
export function isDatabaseUnavailable(error: unknown): boolean {
  return databaseOutage(error) === 'unavailable';
}

/** As `databaseOutage`, but for a single statement that was too slow or stood in another's way: the next one may not. */
export function isDatabaseDown(error: unknown): boolean {
  return databaseOutage(error) !== undefined && !CONTENTION.has(sqlState(error) ?? '');
}

/** An error and what led to it, outermost first. */
function* causesOf(
  error: unknown,
): Generator<{ readonly code: string | undefined; readonly message: string }> {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code } = each as { code?: unknown };
    yield { code: typeof code === 'string' ? code : undefined, message: each.message };
  }
}

function outageOf(code: string): DatabaseOutage | undefined {
  if (code === DISK_FULL) return 'full';
  if (code === READ_ONLY) return 'read_only';
  return UNAVAILABLE_CODES.has(code) || /^(08|53)...$/.test(code) ? 'unavailable' : undefined;
}

/** The SQLSTATE of an error of Postgres, also when MikroORM wrapped it; undefined for any other error. */
export function sqlState(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** The name of the constraint that a statement broke, also when MikroORM wrapped it. */
export function violatedConstraint(error: unknown): string | undefined {
  const { constraint } = (error ?? {}) as { constraint?: unknown };
  return typeof constraint === 'string' ? constraint : undefined;
}

/** A statement timed out, a lock was not to be had, two transactions stood in each other's way. */
const CONTENTION: ReadonlySet<string> = new Set(['57014', '55P03', '40P01', '40001']);

const DISK_FULL = '53100';
/** A standby, or a primary that was made one, answers a write so. */
const READ_ONLY = '25006';

// https://www.postgresql.org/docs/18/errcodes-appendix.html: shutting down, starting up, crashed. Beside them classes 08, the connection
// failed, and 53, out of memory, connections or another resource.
const UNAVAILABLE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  '57P01',
  '57P02',
  '57P03',
  ...CONTENTION,
]);

// pg tells these by their message alone.
const LOST_CONNECTION =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error/;
