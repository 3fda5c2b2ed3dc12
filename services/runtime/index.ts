// The door of @rollcall/runtime: what every process needs and knows no user.
export {
  type ConfigOf,
  choiceSetting,
  databaseUrlSetting,
  integerSetting,
  optional,
  portSetting,
  readConfig,
  type Setting,
  type Settings,
  textSetting,
} from './config.ts';
export { digestOf } from './digest.ts';
export { isLoopback, listenFault } from './listen-fault.ts';
export {
  createLogger,
  LOG_LEVELS,
  type Logger,
  type LogLevel,
} from './logger.ts';
export { isTimePosition, type PageTokens, pageTokens, type TimePosition } from './page-token.ts';
export {
  isDatabaseUnavailable,
  sqlState,
  violatedConstraint,
} from './postgres/database-error.ts';
export { createOrm } from './postgres/orm.ts';
export { createPool, type Pool } from './postgres/pool.ts';
export {
  explain as explainDatabaseFault,
  requireSchema,
} from './postgres/require-schema.ts';
export type { Call, Interceptor } from './rpc/call.ts';
export type { OpenDoor } from './rpc/open-door.ts';
export {
  type DoorsOptions,
  type OpenDoors,
  openDoors,
} from './rpc/open-doors.ts';
export {
  invalidField,
  RUNTIME_REASONS,
  type RuntimeReason,
  runtimeError,
} from './rpc/reasons.ts';
export {
  type Implementation,
  implementService,
  type Route,
} from './rpc/route.ts';
export {
  type FieldViolation,
  RpcError,
  type RpcErrorOptions,
} from './rpc/rpc-error.ts';
export { type RunningService, runProcess } from './run-process.ts';
export { Secret } from './secret.ts';
export { StartupError } from './startup-error.ts';
export { isStorable, UNSTORABLE } from './storable-text.ts';
