// The door of @rollcall/runtime: what every process needs, and loads fast. Serving calls stands behind
// `@rollcall/runtime/rpc`, databases behind `@rollcall/runtime/postgres`, so that a command-line tool need not wait for them.
export {
  commandFolder,
  readArguments,
  readCommand,
  refuseOtherOptions,
  SEE_HELP,
  timeOf,
} from './commands/arguments.ts';
export { type CommandDatabase, findCommandDatabase } from './commands/command-database.ts';
export { ignoreGoneReaders } from './commands/ignore-gone-readers.ts';
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
export { LOG_LEVEL_SETTING } from './config/log-level-setting.ts';
export { namesSameDatabase } from './config/same-database.ts';
export { Secret } from './config/secret.ts';
export { digestOf } from './digest.ts';
export { inWords } from './in-words.ts';
export { LogOutput, standardOutput } from './log/log-output.ts';
export { createLogger, LOG_LEVELS, type Logger, type LogLevel } from './log/logger.ts';
export { type DatabaseAccess, databaseAccessSettings } from './postgres/database-access.ts';
export {
  localDatabaseUrl,
  localPassword,
  SECRET_FILE,
} from './postgres/local-database.ts';
export {
  type LocalPorts,
  localDataDirectory,
  PORTS_FILE,
  withLocalPorts,
} from './processes/local-start.ts';
export { runProcess, type StartupFault } from './processes/run-process.ts';
export type { RunningService } from './processes/running-service.ts';
export {
  HANG_LIMITS,
  type HangLimits,
  type WatchedProcess,
  watchForHang,
} from './processes/watch-for-hang.ts';
export { isSupervisor, superviseWorkers } from './processes/workers.ts';
export { StartupError } from './startup-error.ts';
