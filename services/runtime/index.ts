// Public API of @rollcall/runtime: what every process needs, and loads fast. Serving calls is in
// `@rollcall/runtime/rpc` and databases in `@rollcall/runtime/postgres`, so that a command line does not load
// them.
export {
  commandFolder,
  formatList,
  ignoreBrokenPipes,
  parseTime,
  readArguments,
  readCommand,
  refuseOtherOptions,
  SEE_HELP,
} from './cli/arguments.ts';
export { type CommandDatabase, findCommandDatabase } from './cli/command-database.ts';
export {
  booleanSetting,
  type ConfigOf,
  choiceSetting,
  databaseUrlSetting,
  databaseUrlsSetting,
  integerSetting,
  namesSetting,
  optional,
  portSetting,
  readConfig,
  type Setting,
  type Settings,
  textSetting,
} from './config/config.ts';
export { Secret } from './config/secret.ts';
export { LogOutput, standardOutput } from './log/log-output.ts';
export { createLogger, LOG_LEVEL_SETTING, LOG_LEVELS, type Logger, type LogLevel } from './log/logger.ts';
export {
  type DatabaseAccess,
  databaseAccessSettings,
  isSameDatabase,
  localDatabaseUrl,
  localPassword,
  SECRET_FILE,
} from './postgres/database-access.ts';
export {
  type LocalPorts,
  localDataDirectory,
  PORTS_FILE,
  withLocalPorts,
} from './processes/local-start.ts';
export { isProcessAlive, killProcessGroup } from './processes/process-signals.ts';
export { runProcess, type StartupFault } from './processes/run-process.ts';
export {
  HANG_LIMITS,
  type HangLimits,
  type WatchedProcess,
  watchForHang,
} from './processes/watch-for-hang.ts';
export type { RunningService } from './processes/workers.ts';
export { isSupervisor, superviseWorkers } from './processes/workers.ts';
export { digestOf } from './rpc/requests/idempotency.ts';
export { StartupError } from './startup-error.ts';
