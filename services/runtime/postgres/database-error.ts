/** Whether an error means that the database cannot be reached now, rather than that it refused what was asked. */
export function isDatabaseUnavailable(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code } = each as { code?: unknown };
    if (typeof code === 'string' && (UNAVAILABLE_CODES.has(code) || code.startsWith('08'))) return true;
    if (LOST_CONNECTION.test(each.message)) return true;
  }
  return false;
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

// https://www.postgresql.org/docs/18/errcodes-appendix.html: shutting down, starting up, crashed, too many connections.
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
  '53300',
  // It was too busy with others: a statement timed out, a lock was not to be had, two transactions stood in each other's way.
  '57014',
  '55P03',
  '40P01',
  '40001',
]);

// pg tells these by their message alone.
const LOST_CONNECTION =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error/;
