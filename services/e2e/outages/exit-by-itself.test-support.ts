// A program of its own: reads a user before and during an outage, closes its client and has nothing left to
// do. Node ends it then, unless something is still open; an unhandled rejection would end it with another
// code.
import { setTimeout as sleep } from 'node:timers/promises';
import { createUserClient } from '@rollcall/user-client';

const [address = '', tenantId = '', id = '', stranger = ''] = process.argv.slice(2);
const users = createUserClient({ address, tenantId, ttlMs: 0, timeoutMs: 500, hedgeAfterMs: 50 });
await users.getUser(id);
process.stdout.write('warm\n');
while ((await users.lookup(stranger)).outcome !== 'unavailable') await sleep(10);
for (let i = 0; i < 30; i++) await users.lookupMany([id, stranger]);
const [known, unknown] = await users.lookupMany([id, stranger]);
await users.close();
process.stdout.write(`${known?.outcome} ${unknown?.outcome}\n`);
