import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { type UserSchema, UserState } from '@rollcall/contract/user';
import { createUserAdminClient, type UserAdminClient } from '@rollcall/user-client/admin';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ending, type Program, startProgram } from './testing/child-process.ts';
import { CARD, toHotelCsv } from './testing/hotel-csv.ts';
import { countRows, takeSnapshot } from './testing/snapshot.ts';
import { type StartedServices, startServices } from './testing/start-services.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const REAL_FILE = fileURLToPath(new URL('../../../shared/data/hotel_booking.csv', import.meta.url));

let services: StartedServices;
let folder: string;
const stack = new AsyncDisposableStack();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-import-'));
  stack.defer(() => rm(folder, { recursive: true }));
  services = stack.use(await startServices());
});
afterAll(() => stack.disposeAsync());

const PEOPLE = Array.from({ length: 40 }, (_, i) => ({
  name: `Guest Number${i}`,
  email: `Guest${i}@example.com`,
  'phone-number': `555-01${String(i).padStart(2, '0')}`,
}));
const ROWS = [
  ...Array.from({ length: 100 }, (_, i) => ({ ...PEOPLE[i % 40], adr: `${i}.05` })),
  // Lines 102 to 501: rows that cost no call, so that the people below are known from an earlier batch.
  ...Array.from({ length: 400 }, () => ({ adr: 'free' })),
  // Lines 502 to 504: known people, in other letters or with another name; the first row of a person counts.
  { ...PEOPLE[0], email: ' GUEST0@EXAMPLE.COM ' },
  { ...PEOPLE[1], name: 'Somebody Else', 'phone-number': '' },
  { ...PEOPLE[2], 'phone-number': 'none' },
  // Lines 505 and 506: the same stay twice.
  { ...PEOPLE[3], hotel: 'Twice' },
  { ...PEOPLE[3], hotel: 'Twice' },
  // Line 507: a phone that no user may have.
  { name: 'New Guest', email: 'new@example.com', 'phone-number': 'ask the desk' },
  // Lines 508 and 509 are unlinked, 510 to 512 refused.
  { name: 'No Address', email: '' },
  { name: 'Bad Address', email: 'Mr..B@mail.com' },
  { arrival_date_month: 'June', arrival_date_day_of_month: '31' },
  'City Hotel;A;2015',
  { name: '"Torn', adr: '1' },
];
const SUMMARY = 'rows: 511 read = 106 linked + 2 unlinked + 403 refused';
const REPORT = [
  'line,outcome,reason',
  '1,left-out,columns that are not used: credit_card',
  ...Array.from({ length: 400 }, (_, i) => `${102 + i},refused,adr is not a decimal number such as 107.42`),
  '503,left-out,name is not taken for the user: the first row of this e-mail has another or none',
  expect.stringMatching(/^504,left-out,"phone-number must be a phone number: .*"$/),
  expect.stringMatching(/^507,left-out,"phone-number must be a phone number: .*"$/),
  '508,unlinked,email is empty',
  expect.stringMatching(/^509,unlinked,"?email must /),
  '510,refused,arrival_date_day_of_month is not a day of that month',
  '511,refused,"the row has 3 columns, the header 17"',
  '512,refused,a quoted field is not closed',
  '',
];

// Twelve processes start one after another, on machines that may be busy.
describe('npm run import', { timeout: 60_000 }, () => {
  let path: string;
  beforeAll(async () => {
    path = join(folder, 'bookings.csv');
    await writeFile(path, `\uFEFF${toHotelCsv(ROWS)}`);
  });

  it('imports a file, and running it again changes nothing', async () => {
    const first = await run(path, 'whole');
    expect(first).toMatchObject({ how: 0, stdout: expect.stringContaining(SUMMARY) });
    expect(first.stdout).toContain('bookings: 108 created, 0 already there');
    expect(first.stdout).toContain('users: 41 created, 0 already there');
    expect(await reportOf('whole')).toEqual(REPORT);

    const before = await takeSnapshot(services.databaseUrls, 'whole', { exact: true });
    expect(before.users).toHaveLength(41);
    expect(before.users[0]).toMatchObject({
      email: 'Guest0@example.com',
      first_name: 'Guest',
      last_name: 'Number0',
      display_name: 'Guest Number0',
      phone: '555-0100',
    });
    expect(before.users.find(({ email }) => email === 'new@example.com')).toMatchObject({ phone: '' });
    expect(before.bookings).toHaveLength(108);
    expect(before.bookings.filter(({ user_id }) => user_id === null)).toHaveLength(2);
    expect(before.bookings.filter(({ title }) => title === 'Twice, room A')).toHaveLength(2);
    expect(before.bookings.find(({ amount_minor_units }) => amount_minor_units === '810')).toMatchObject({
      user_email: 'guest4@example.com',
      contact_details: {
        name: 'Guest Number4',
        email: 'Guest4@example.com',
        phone: '555-0104',
        country: 'GBR',
      },
      start_date: expect.anything(),
      status: 'COMPLETED',
      amount_currency: 'EUR',
    });
    expect(JSON.stringify(before)).not.toContain(CARD);

    const second = await run(path, 'whole');
    expect(second).toMatchObject({ how: 0, stdout: expect.stringContaining(SUMMARY) });
    expect(second.stdout).toContain('bookings: 0 created, 108 already there');
    expect(second.stdout).toContain('users: 0 created, 41 already there');
    expect(await takeSnapshot(services.databaseUrls, 'whole', { exact: true })).toEqual(before);
    expect(await reportOf('whole')).toEqual(REPORT);

    const dollars = await run(path, 'whole', ['--currency', 'USD']);
    expect(dollars.stdout).toContain('rows: 511 read = 0 linked + 0 unlinked + 511 refused');
    expect(await takeSnapshot(services.databaseUrls, 'whole', { exact: true })).toEqual(before);
  });

  it('ends the same after it was killed at any moment and run again', async () => {
    await killWhen(start(path, 'killed'), async () => (await rowsOf('users', 'killed')) >= 20);
    expect(await rowsOf('bookings', 'killed')).toBe(0);
    await killWhen(start(path, 'killed'), async () => (await rowsOf('bookings', 'killed')) >= 15);
    await killWhen(start(path, 'killed'), async () => (await rowsOf('bookings', 'killed')) >= 60);
    expect(await readdir(folder)).not.toContain('import-report-hotel-bookings-killed.csv');

    expect(await run(path, 'killed')).toMatchObject({
      how: 0,
      stdout: expect.stringContaining(SUMMARY),
    });
    expect(await takeSnapshot(services.databaseUrls, 'killed')).toEqual(
      await takeSnapshot(services.databaseUrls, 'whole'),
    );
    expect(await reportOf('killed')).toEqual(REPORT);
  });

  it('keeps to what it did before where users changed since', async () => {
    const [ada, bob] = [
      { name: 'Ada King', email: 'ada@example.com' },
      { name: 'Bob', email: 'bob@example.com' },
    ];
    using admin = createUserAdminClient({ address: services.addresses.AUTH_ADDRESS });
    const suspended = await admin.createUser({ tenantId: 'changed', user: { email: bob.email } });
    await changeUser(admin, { id: suspended.user?.id ?? '', state: UserState.SUSPENDED }, 'state');
    const file = join(folder, 'changed.csv');
    await writeFile(file, toHotelCsv([ada, bob]));
    const first = await run(file, 'changed');
    expect(first.stdout).toContain('rows: 2 read = 1 linked + 1 unlinked + 0 refused');
    expect(first.stdout).toContain('users: 1 created, 1 already there');
    expect(await reportOf('changed')).toContain('3,unlinked,the user of this e-mail is suspended or deleted');

    const { users } = await takeSnapshot(services.databaseUrls, 'changed', { exact: true });
    const id = String(users.find(({ email }) => email === ada.email)?.id);
    await changeUser(admin, { id, email: 'countess@example.com' }, 'email');
    const before = await takeSnapshot(services.databaseUrls, 'changed', { exact: true });
    const second = await run(file, 'changed');
    expect(second.stdout).toContain('rows: 2 read = 1 linked + 1 unlinked + 0 refused');
    expect(second.stdout).toContain('users: 0 created, 2 already there');
    expect(await takeSnapshot(services.databaseUrls, 'changed', { exact: true })).toEqual(before);

    // A first row that says something else of her: whose address that is cannot be told any more.
    await writeFile(file, toHotelCsv([{ ...ada, name: 'A. King' }]));
    const third = await run(file, 'changed');
    expect(third.stdout).toContain('users: 0 created, 0 already there, 1 gone since an earlier import');
    expect(await reportOf('changed')).toContain(
      '2,unlinked,the user that an earlier import made for this e-mail was changed or deleted since',
    );
  });

  it('ends in one line and leaves no report when it is interrupted', async () => {
    const program = start(path, 'interrupted');
    await until(program, async () => (await rowsOf('users', 'interrupted')) >= 1);
    program.child.kill('SIGINT');
    const { how, stderr } = await program.ended;
    expect({ how, last: stderr.trimEnd().split('\n').at(-1) }).toEqual({
      how: 1,
      last: 'Interrupted (SIGINT): the same command goes on where this one ended',
    });
    expect((await readdir(folder)).filter((name) => name.includes('interrupted'))).toEqual([]);
  });

  it('says in one line what is wrong', async () => {
    const { AUTH_ADDRESS: address } = services.addresses;
    const ends = await Promise.all([
      startImport(['hotel-bookings', 'missing.csv']).ended,
      startImport(['hotel-bookings', 'bookings.csv'], { AUTH_ADDRESS: '127.0.0.1:1' }).ended,
      startImport(['hotel-bookings', 'bookings.csv'], { BOOKING_ADDRESS: address }).ended,
    ]);
    expect(ends).toEqual([
      fault(`Cannot read ${join(folder, 'missing.csv')}: there is no such file; check the path`),
      fault(
        'No auth service answers at 127.0.0.1:1: start it with `npm start`, or set AUTH_ADDRESS to where it is',
      ),
      fault(`What listens at ${address} is not the booking service: set BOOKING_ADDRESS to where that is`),
    ]);
  });

  it('imports 1,000 rows of the public data set', async ({ skip }) => {
    skip(!existsSync(REAL_FILE), `the data set is not at ${REAL_FILE}`);
    const { stdout } = await run(REAL_FILE, 'real');
    expect(stdout).toContain('rows: 1000 read = 992 linked + 8 unlinked + 0 refused');
    expect(stdout).toContain('bookings: 1000 created, 0 already there');
    expect(stdout).toContain('users: 991 created, 0 already there');
    expect(await rowsOf('bookings', 'real')).toBe(1000);
    expect(await rowsOf('users', 'real')).toBe(991);
  });
});

function changeUser(admin: UserAdminClient, user: MessageInitShape<typeof UserSchema>, path: string) {
  return admin.updateUser({ tenantId: 'changed', user, updateMask: { paths: [path] } });
}

function fault(line: string): Ending {
  return { how: 1, stdout: '', stderr: `${line}\n` };
}

function startImport(args: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
  return startProgram(MAIN, { args, env: { ...services.addresses, ...env }, cwd: folder });
}

function start(path: string, tenant: string, more: readonly string[] = []): Program {
  return startImport(['hotel-bookings', path, '--tenant', tenant, ...more]);
}

function run(path: string, tenant: string, more: readonly string[] = []): Promise<Ending> {
  return start(path, tenant, more).ended;
}

function rowsOf(table: 'users' | 'bookings', tenant: string): Promise<number> {
  const { auth, booking } = services.databaseUrls;
  return countRows(table === 'users' ? auth : booking, table, tenant);
}

async function reportOf(tenant: string): Promise<string[]> {
  return (await readFile(join(folder, `import-report-hotel-bookings-${tenant}.csv`), 'utf8')).split('\n');
}

async function until({ child }: Program, isTime: () => Promise<boolean>): Promise<void> {
  while (!(await isTime())) {
    if (child.exitCode !== null) throw new Error('the import ended before it could be stopped');
    await sleep(5);
  }
}

async function killWhen(program: Program, isTime: () => Promise<boolean>): Promise<void> {
  await until(program, isTime);
  program.child.kill('SIGKILL');
  expect(await program.ended).toMatchObject({ how: 'SIGKILL' });
}
