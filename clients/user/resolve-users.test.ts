import { createRouterTransport } from '@connectrpc/connect';
import { UserService } from '@rollcall/contract/user';
import { expect, it } from 'vitest';
import { createUserBreaker } from './breaker.ts';
import { createCounters } from './counters.ts';
import { Deadlines } from './deadlines.ts';
import { createRemoteUserReader } from './remote-user-reader.ts';
import { resolveUsers } from './resolve-users.ts';
import { MapUserService } from './testing/map-user-service.ts';
import { UserCache } from './user-cache.ts';
import type { UserKey } from './user-lookup.ts';
import { OPTIONS, scope } from './with-cache.test-support.ts';
import { withCache } from './with-cache.ts';

it('resolving answers also where a fault of its own comes between', async () => {
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
    deadlines: new Deadlines(clock),
  };
  // With holes, which every `map` on the way leaves out.
  const keys: UserKey[] = [];
  keys[1] = { email: 'ann@example.com' };
  const answers = await resolveUsers(context, scope, { keys, call: { deadlineAtMs: clock() + 5_000 } });
  expect(answers[0]).toMatchObject({ outcome: 'failed', error: { name: 'TypeError' } });
  breaker.close();
});
