import { createLogger, isSupervisor, readConfig, runProcess, superviseWorkers } from '@rollcall/runtime';
import { AUTH_SETTINGS } from './config.ts';
import { createAuthService } from './service.ts';

await runProcess(async () => {
  const config = readConfig(AUTH_SETTINGS, process.env);
  if (!isSupervisor(config.workers)) return createAuthService(config);
  const logger = createLogger({ service: 'auth', level: config.logLevel });
  return superviseWorkers({ count: config.workers, logger });
});
