import { createLogger, readConfig } from '@rollcall/runtime';
import { connectUserAccess, type UserAccess } from '../connect-user-access.ts';
import { userAccessSettings } from '../settings.ts';

/** Connects to the user service at this address without TLS and without a snapshot. */
export function accessTo(authAddress: string, clock?: () => number): Promise<UserAccess> {
  const settings = userAccessSettings({ prefix: 'TEST', service: 'test' });
  const config = readConfig(settings, { AUTH_ADDRESS: authAddress });
  const logger = createLogger({ service: 'test', level: 'silent' });
  return connectUserAccess(config, { prefix: 'TEST', logger, ...(clock && { clock }) });
}
