import { Code, ConnectError } from '@connectrpc/connect';
import { UserView } from '@rollcall/contract/user';
import type { UserScope } from '../model/user-reader.ts';
import type { CachingOptions } from './with-cache.ts';

export const scope: UserScope = { tenantId: 'acme', view: UserView.REFERENCE };
export const basic: UserScope = { ...scope, view: UserView.BASIC };
export const outage = new ConnectError('away', Code.Unavailable);
export const OPTIONS: CachingOptions = {
  ttlMs: 100,
  liveTtlMs: 1_000,
  missingTtlMs: 20,
  liveMissingTtlMs: 200,
  maxStaleMs: 10_000,
  timeoutMs: 1_000,
  refreshAheadRatio: 0,
  degrade: 'snapshot',
};
