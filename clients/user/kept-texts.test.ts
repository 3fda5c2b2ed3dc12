import { Buffer } from 'node:buffer';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { create, toBinary } from '@bufbuild/protobuf';
import { BatchGetUsersResponseSchema, UserSchema, UserView } from '@rollcall/contract/user';
import { expect, it } from 'vitest';
import { decodeUsers } from './decode-users.ts';
import { UserMemory } from './user-memory.ts';

// V8 keeps what a text was cut from as long as the part: an id cut from a line of a large file would keep the file.
const TEXT_BYTES = 1_000_000;
const TEXTS = 40;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

it('keeps of what the caller asked with no more than the id', () => {
  expect(keptBytes(cutId)).toBeGreaterThan((TEXTS * TEXT_BYTES) / 2);
  expect(keptBytes((i) => decodeUser(cutId(i)))).toBeLessThan((TEXTS * TEXT_BYTES) / 4);
  const memory = new UserMemory({ maxEntries: TEXTS, maxBytes: 1e9, maxSeenVersions: TEXTS });
  const scope = { tenantId: 'acme', view: UserView.REFERENCE };
  const survivor = create(UserSchema, { id: idAt(TEXTS), tenantId: 'acme', version: 1n });
  const remember = (i: number) => memory.put(scope, cutId(i), { user: survivor, readAtMs: 1 });
  expect(keptBytes(remember)).toBeLessThan((TEXTS * TEXT_BYTES) / 4);
  expect(memory.size.entries).toBe(TEXTS);
});

function idAt(i: number): string {
  return `0198c0de-0000-7000-8000-${String(i).padStart(12, '0')}`;
}

/** The same id, as a part of a large text. */
function cutId(i: number): string {
  return Buffer.from('x'.repeat(TEXT_BYTES) + idAt(i))
    .toString('latin1')
    .slice(-36);
}

function decodeUser(id: string) {
  const value = create(UserSchema, { id, tenantId: 'acme', version: 1n });
  const answer = create(BatchGetUsersResponseSchema, {
    outcomes: [{ id, outcome: { case: 'user', value } }],
  });
  const { outcomes } = decodeUsers(toBinary(BatchGetUsersResponseSchema, answer), {
    tenantId: 'acme',
    ids: [id],
  });
  return outcomes[0]?.outcome.value;
}

/** By how much the heap has grown when all that can go is gone. */
function keptBytes(make: (i: number) => unknown): number {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const made = Array.from({ length: TEXTS }, (_, i) => make(i));
  collectGarbage();
  const grown = process.memoryUsage().heapUsed - before;
  expect(made).toHaveLength(TEXTS);
  return grown;
}
