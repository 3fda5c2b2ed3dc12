import { readConfig, runProcess } from '@rollcall/runtime';
import { AUTH_SETTINGS } from './config.ts';
import { createAuthService } from './service.ts';

await runProcess(() => createAuthService(readConfig(AUTH_SETTINGS, process.env)));
