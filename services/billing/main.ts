import { readConfig, runProcess } from '@rollcall/runtime';
import { BILLING_SETTINGS } from './config.ts';
import { createBillingService } from './service.ts';

await runProcess(() => createBillingService(readConfig(BILLING_SETTINGS, process.env)));
