import { type DestinationStream, type Logger, pino } from 'pino';
import { standardOutput } from './log-output.ts';
import { serializeError } from './serialize-error.ts';

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
