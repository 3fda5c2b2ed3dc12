import { type DestinationStream, type Logger, pino } from 'pino';
import { choiceSetting } from '../config/config.ts';
import { standardOutput } from './log-output.ts';

export type { Logger } from 'pino';

/** Log levels, from the most lines to none. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

/** A level of `LOG_LEVELS`. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * Creates a logger that writes one JSON object a line: `time` (ISO 8601), `level` as a word, `service`, `msg`
 * and fields. Logging never blocks and never throws: lines that standard output does not take are dropped and
 * counted.
 * @param destination default: standard output
 */
export function createLogger(
  options: { service: string; level: LogLevel },
  destination?: DestinationStream,
): Logger {
  const settings = {
    level: options.level,
    base: { service: options.service },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { error: serializeError, cause: serializeError },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (destination) return pino(settings, destination);
  const output = standardOutput();
  const logger = pino(settings, output);
  output.onRecovery = (dropped, cause) =>
    logger.error({ dropped, cause }, 'log lines were dropped, because they could not be written');
  return logger;
}

/** The log level, one variable for all services. */
export const LOG_LEVEL_SETTING = choiceSetting({
  variable: 'LOG_LEVEL',
  default: 'info',
  choices: LOG_LEVELS,
  doc: 'How much every service logs; debug adds a line for each call that succeeded.',
});

const MAX_FRAMES = 12;
const MAX_CAUSES = 5;

/**
 * Converts an error for the log: name, message, code, stack and causes. Leaves out other fields and the
 * values that Postgres quotes, because a row that breaks a constraint may hold contact data.
 */
export function serializeError(error: unknown, causesLeft = MAX_CAUSES): unknown {
  if (!(error instanceof Error)) return error;
  const { name, stack, cause } = error;
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  return {
    name,
    message: isSqlState(code) ? withoutValues(error.message, code) : error.message,
    ...(code !== undefined && { code }),
    ...(constraint !== undefined && { constraint }),
    at: framesOf(stack),
    ...(cause !== undefined && causesLeft > 0 && { cause: serializeError(cause, causesLeft - 1) }),
  };
}

function isSqlState(code: unknown): code is string {
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E');
}

// Errors of class 22 (data exceptions) quote the value in their first line:
// https://www.postgresql.org/docs/18/errcodes-appendix.html
function withoutValues(message: string, sqlState: string): string {
  return sqlState.startsWith('22')
    ? 'a value was refused by the database'
    : (message.split('\n', 1)[0] ?? '');
}

// The stack begins with the message.
function framesOf(stack = ''): string[] {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return frames.slice(0, MAX_FRAMES).map((line) => line.trim());
}
