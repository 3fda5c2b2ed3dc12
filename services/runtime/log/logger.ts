import { type DestinationStream, type Logger, pino } from 'pino';
import { choiceSetting } from '../config/config.ts';
import { standardOutput } from './log-output.ts';

export type { Logger } from 'pino';

/** How much is logged, most first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

/** One of `LOG_LEVELS`. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * A logger that writes one JSON object a line: `time` (ISO 8601), `level` as a word, `service`, `msg`, and what the line is about.
 * Logging never blocks and never fails: lines that standard output does not take are dropped and counted, and a line says how many.
 * @param destination where to write; absent: standard output.
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

/** How much a service logs: one variable for all of them. */
export const LOG_LEVEL_SETTING = choiceSetting({
  variable: 'LOG_LEVEL',
  default: 'info',
  choices: LOG_LEVELS,
  doc: 'How much every service logs; debug adds a line for each call that succeeded.',
});

const MAX_FRAMES = 12;
const MAX_CAUSES = 5;

/**
 * An error as it is logged: name, message, code, where it was thrown, and what led to it. Other fields are left out, and so is what
 * Postgres says about values: a row that broke a constraint is told in full by its message's detail, contact data included.
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

// Class 22, data exceptions, quotes the value in its first line: https://www.postgresql.org/docs/18/errcodes-appendix.html
function withoutValues(message: string, sqlState: string): string {
  return sqlState.startsWith('22')
    ? 'a value was refused by the database'
    : (message.split('\n', 1)[0] ?? '');
}

// The stack begins with the message, which is told above.
function framesOf(stack = ''): string[] {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return frames.slice(0, MAX_FRAMES).map((line) => line.trim());
}
