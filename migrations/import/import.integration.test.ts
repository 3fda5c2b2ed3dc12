import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ending, type Program, startProgram } from './testing/child-process.ts';
import { CARD, toHotelCsv } from './testing/hotel-csv.ts';
import { countRows, takeSnapshot } from './testing/snapshot.ts';
import { type StartedServices, startServices } from './testing/start-services.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const REAL_FILE = fileURLToPath(new URL('../../../shared/data/hotel_booking.csv', import.meta.url));

let services: StartedServices;
let folder: string;
beforeAll(async () => {
  services = await startServices();
  folder = await mkdtemp(join(tmpdir(), 'rollcall-import-'));
});
afterAll(async () => {
  await services[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

// 501 of them book first, so that the people of the last ones are known from an earlier batch.
const PEOPLE = Array.from({ length: 60 }, (_, i) => ({
  name: `Guest Number${i}`,
  email: `Guest${i}@example.com`,
  'phone-number': `555-01${String(i).padStart(2, '0')}`,
}));
const ROWS = [
  ...Array.from({ length: 501 }, (_, i) => ({ ...PEOPLE[i % 60], adr: `${i}.05` })),
  // Lines 503 to 505: known people, in other letters or with another name; the first row of a person counts.
  { ...PEOPLE[0], email: ' GUEST0@EXAMPLE.COM ' },
  { ...PEOPLE[1], name: 'Somebody Else', 'phone-number': '' },
  { ...PEOPLE[2], 'phone-number': 'none' },
  // Lines 506 and 507: the same stay twice.
  { ...PEOPLE[3], hotel: 'Twice' },
  { ...PEOPLE[3], hotel: 'Twice' },
  // Line 508: a phone that no user may have.
  { name: 'New Guest', email: 'new@example.com', 'phone-number': 'ask the desk' },
  // Lines 509 and 510 are unlinked, 511 to 513 refused.
  { name: 'No Address', email: '' },
  { name: 'Bad Address', email: 'Mr..B@mail.com' },
  { arrival_date_month: 'June', arrival_date_day_of_month: '31' },
  'City Hotel;A;2015',
  { name: '"Torn', adr: '1' },
];
const SUMMARY = {
  rows: `rows: 512 read = 507 linked + 2 unlinked + 3 refused`,
  report: [
    'line,outcome,reason',
    '509,unlinked,email is empty',
    expect.stringMatching(/^510,unlinked,"?email must /),
    '511,refused,arrival_date_day_of_month is not a day of that month',
    '512,refused,"the row has 3 columns, the header 17"',
    '513,refused,a quoted field is not closed',
    '',
  ],
};

describe('npm run import', () => {
  let path: string;
  beforeAll(async () => {
    path = join(folder, 'bookings.csv');
    await writeFile(path, `\uFEFF${toHotelCsv(ROWS)}`);
  });

  it('imports a file, and running it again changes nothing', async () => {
    const first = await run(path, 'whole');
    expect(first).toMatchObject({ how: 0, stdout: expect.stringContaining(SUMMARY.rows) });
    expect(first.stdout).toContain('bookings: 509 created, 0 already there');
    expect(first.stdout).toContain('users: 61 created, 0 already there');
    expect(await reportOf('whole')).toEqual(SUMMARY.report);

    const before = await takeSnapshot(services.databaseUrls, 'whole', { exact: true });
    expect(before.users).toHaveLength(61);
    expect(before.users[0]).toMatchObject({
      email: 'Guest0@example.com',
      first_name: 'Guest',
      last_name: 'Number0',
      display_name: 'Guest Number0',
      phone: '555-0100',
    });
    expect(before.users.find(({ email }) => email === 'new@example.com')).toMatchObject({ phone: '' });
    expect(before.bookings).toHaveLength(509);
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
    expect(second).toMatchObject({ how: 0, stdout: expect.stringContaining(SUMMARY.rows) });
    expect(second.stdout).toContain('bookings: 0 created, 509 already there');
    expect(second.stdout).toContain('users: 0 created, 61 already there');
    expect(await takeSnapshot(services.databaseUrls, 'whole', { exact: true })).toEqual(before);
    expect(await reportOf('whole')).toEqual(SUMMARY.report);

    const dollars = await run(path, 'whole', ['--currency', 'USD']);
    expect(dollars.stdout).toContain('rows: 512 read = 0 linked + 0 unlinked + 512 refused');
    expect(await takeSnapshot(services.databaseUrls, 'whole', { exact: true })).toEqual(before);
  });

  it('ends the same after it was killed at any moment and run again', async () => {
    await killWhen(start(path, 'killed'), async () => (await rowsOf('users', 'killed')) >= 20);
    expect(await rowsOf('bookings', 'killed')).toBe(0);
    await killWhen(start(path, 'killed'), async () => (await rowsOf('bookings', 'killed')) >= 50);
    await killWhen(start(path, 'killed'), async () => (await rowsOf('bookings', 'killed')) >= 300);
    expect(await readdir(folder)).not.toContain('import-report-hotel-bookings-killed.csv');

    expect(await run(path, 'killed')).toMatchObject({
      how: 0,
      stdout: expect.stringContaining(SUMMARY.rows),
    });
    expect(await takeSnapshot(services.databaseUrls, 'killed')).toEqual(
      await takeSnapshot(services.databaseUrls, 'whole'),
    );
    expect(await reportOf('killed')).toEqual(SUMMARY.report);
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

  it.for([
    [
      ['hotel-bookings', 'missing.csv'],
      {},
      /^Cannot read .*missing\.csv: there is no such file; check the path$/,
    ],
    [
      ['hotel-bookings', 'bookings.csv'],
      { AUTH_ADDRESS: '127.0.0.1:1' },
      /^No auth service answers at 127\.0\.0\.1:1: start it with `npm start`/,
    ],
    [['flights', 'bookings.csv'], {}, /^There is no kind of file "flights": name one of hotel-bookings$/],
  ] as const)('says in one line what is wrong with %j %j', async ([args, env, line]) => {
    const { how, stdout, stderr } = await startImport(args, env).ended;
    expect({ how, stdout, lines: stderr.split('\n') }).toEqual({
      how: 1,
      stdout: '',
      lines: [expect.stringMatching(line), ''],
    });
  });

  it('tells the wrong service by its address', async () => {
    const { AUTH_ADDRESS: address } = services.addresses;
    const { how, stderr } = await startImport(['hotel-bookings', 'bookings.csv'], {
      BOOKING_ADDRESS: address,
    }).ended;
    expect({ how, stderr }).toEqual({
      how: 1,
      stderr: `What listens at ${address} is not the booking service: set BOOKING_ADDRESS to where that is\n`,
    });
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
