/**
 * State of a database that cannot serve a statement: not reachable or short of a resource, disk full, or
 * read-only.
 */
export type DatabaseOutage = 'unavailable' | 'full' | 'read_only';

/**
 * The state of the database according to an error. Undefined when the error concerns the statement, or is no
 * database error.
 */
export function databaseOutage(error: unknown): DatabaseOutage | undefined {
  for (const { code, message } of causesOf(error)) {
    const outage = code === undefined ? undefined : outageOf(code);
    if (outage) return outage;
    if (LOST_CONNECTION.test(message)) return 'unavailable';
  }
  return undefined;
}

/** Whether the database lacks memory, connections or another resource, except for disk space. */
export function isOutOfResources(error: unknown): boolean {
  return [...causesOf(error)].some(
    ({ code }) => code !== undefined && code !== DISK_FULL && /^53...$/.test(code),
  );
}

/** Whether an error means that the database cannot be reached, rather than that it refused the statement. */
export function isDatabaseUnavailable(error: unknown): boolean {
  return databaseOutage(error) === 'unavailable';
}

/**
 * Whether the database is in an outage. Unlike `databaseOutage`, excludes a single statement that was slow or
 * in conflict, because the next one may succeed.
 */
export function isDatabaseDown(error: unknown): boolean {
  return databaseOutage(error) !== undefined && !CONTENTION.has(sqlState(error) ?? '');
}

/** An error and its causes, outermost first. */
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

/** The SQLSTATE of a Postgres error, even if MikroORM wrapped it. Undefined for other errors. */
export function sqlState(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** The name of the violated constraint, even if MikroORM wrapped the error. */
export function violatedConstraint(error: unknown): string | undefined {
  const { constraint } = (error ?? {}) as { constraint?: unknown };
  return typeof constraint === 'string' ? constraint : undefined;
}

/** Statement timeout, lock timeout, deadlock, serialization failure. */
const CONTENTION: ReadonlySet<string> = new Set(['57014', '55P03', '40P01', '40001']);

const DISK_FULL = '53100';
/** A standby or a demoted primary refuses a write with it. */
const READ_ONLY = '25006';

// Shutting down, starting up, crashed: https://www.postgresql.org/docs/18/errcodes-appendix.html. Also
// classes 08 (connection failed) and 53 (out of memory, connections or another resource).
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

// pg reports these by their message alone.
const LOST_CONNECTION =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error/;
