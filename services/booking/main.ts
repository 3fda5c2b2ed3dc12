import { readConfig, runProcess } from '@rollcall/runtime';
import { BOOKING_SETTINGS } from './config.ts';
import { createBookingService } from './service.ts';

await runProcess(() => createBookingService(readConfig(BOOKING_SETTINGS, process.env)));
