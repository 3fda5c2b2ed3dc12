import { createRouterTransport } from '@connectrpc/connect';
import { UserService } from '@rollcall/contract/user';
import { expect, it } from 'vitest';
import { OPTIONS, scope } from './cache/with-cache.test-support.ts';
import { withCache } from './cache/with-cache.ts';
import { DeadlineTimers } from './in-flight/deadline-timers.ts';
import { createCounters } from './model/counters.ts';
import type { UserKey } from './model/user-lookup.ts';
import { createRemoteUserReader } from './remote/remote-user-reader.ts';
import { createUserBreaker } from './remote/with-breaker.ts';
import { resolveUsers } from './resolve-users.ts';
import { UserCache } from './store/user-cache.ts';
import { MapUserService } from './testing/map-user-service.ts';

it('resolveUsers answers also where a fault of its own comes between', async () => {
  const clock = () => performance.now();
  const transport = createRouterTransport(({ service }) => service(UserService, new MapUserService()));
  const resolver = createRemoteUserReader(transport, clock);
  const breaker = createUserBreaker();
  const limits = { maxEntries: 9, maxBytes: 99_999, maxMissingEntries: 9, maxSeenVersions: 9 };
  const context = {
    settings: OPTIONS,
    resolver,
    breaker,
    cached: withCache(resolver, new UserCache(limits), {
      options: OPTIONS,
      clock,
      counters: createCounters(),
    }),
    clock,
    deadlines: new DeadlineTimers(clock),
  };
  // With holes, which `map` skips.
  const keys: UserKey[] = [];
  keys[1] = { email: 'ann@example.com' };
  const answers = await resolveUsers(context, scope, { keys, call: { deadlineAtMs: clock() + 5_000 } });
  expect(answers[0]).toMatchObject({ outcome: 'failed', error: { name: 'TypeError' } });
  breaker.close();
});
