import { readConfig, runProcess } from '@rollcall/runtime';
import { VENDOR_SETTINGS } from './config.ts';
import { createVendorService } from './service.ts';

await runProcess(() => createVendorService(readConfig(VENDOR_SETTINGS, process.env)));
