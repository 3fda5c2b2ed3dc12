import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { createUserAdminClient } from '@rollcall/user-client/admin';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startService } from '../testing/process.ts';
import { SAMPLE_USER, SAMPLE_USER_ID } from '../testing/sample-user.ts';
import { openStrangersProject, packClients, type StrangersProject } from './packed.test-support.ts';

const top = fileURLToPath(new URL('../../..', import.meta.url));
const bin = (name: string) => `${top}node_modules/.bin/${name}`;
const NAMES = ['contract', 'transport', 'user-client'];
const README = readFileSync(`${top}clients/user/README.md`, 'utf8');
// What a newcomer follows from top to bottom; it must do on every Node that the packages claim.
const FOLLOWED = ['# @rollcall/user-client', '## Replace a table', '## Testing'];
const followed = README.split(/^(?=##? )/m).filter((each) => FOLLOWED.includes(each.split('\n')[0] ?? ''));
const examples = [...followed.join('').matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code ?? '');

const stack = new AsyncDisposableStack();
let project: StrangersProject;
let tarballs: string[];
let withPorts: (code: string) => string;
/** Why nothing can be installed here. */
let offline: string | undefined;

beforeAll(async () => {
  project = stack.use(await openStrangersProject());
  tarballs = await packClients(project.directory);
  const { devDependencies } = JSON.parse(readFileSync(`${top}package.json`, 'utf8'));
  const rules = `@bufbuild/protovalidate@${readManifestHere('user').devDependencies['@bufbuild/protovalidate']}`;
  // Registries are not there everywhere that tests run.
  const packages = [...tarballs, rules, `@types/node@${devDependencies['@types/node']}`];
  offline = await project.install(...packages).then(() => undefined, toOffline);
  if (offline) process.stderr.write(`The packed clients are not tried: ${offline}\n`);
  if (offline) return;
  const database = stack.use(await createTestDatabase('auth'));
  const auth = stack.use(await startService('auth', { AUTH_DATABASE_URL: database.url }));
  const address = `127.0.0.1:${auth.grpcPort}`;
  withPorts = (code) => code.replaceAll('127.0.0.1:50051', address);
  using admin = createUserAdminClient({ address });
  await admin.createUser({ tenantId: 'demo', userId: SAMPLE_USER_ID, user: SAMPLE_USER });
}, 240_000);

beforeEach(({ skip }) => skip(offline !== undefined, offline));
afterAll(() => stack.disposeAsync());

/** The line of npm that says that no registry answers. Throws every other fault. */
function toOffline(fault: Error): string {
  const line = fault.message
    .split('\n')
    .find((each) => /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH/.test(each));
  if (line === undefined) throw fault;
  return `no registry can be reached: ${line}`;
}

function readManifestHere(directory: string) {
  return JSON.parse(readFileSync(`${top}clients/${directory}/package.json`, 'utf8'));
}

function installed(name: string): string {
  return `${project.directory}/node_modules/@rollcall/${name}`;
}

function manifestOf(name: string) {
  return JSON.parse(readFileSync(`${installed(name)}/package.json`, 'utf8'));
}

/** What each example of the README prints where the user service knows the first user of the sample. */
const PRINTED = [
  'B1 Agnieszka Sikora\n',
  /^update bookings set customer_id = '019b8d2b-8c00-7957-8062-6d765bdcc4fd' /,
  'B1 Agnieszka Sikora –\n',
  'Grace Hopper\n',
  '',
];

describe('the packed clients, in a project that knows nothing of this repository', () => {
  it.each(PRINTED.map((printed, i) => [i + 1, printed] as const))(
    'run example %i of their README on this Node',
    async (number, printed) => {
      expect(examples).toHaveLength(PRINTED.length);
      await expectPrinted(process.execPath, number, printed);
    },
  );

  it('run every example on Node 22', { timeout: 120_000 }, async ({ skip }) => {
    const package22 = `node-${process.platform}-${process.arch}@22`;
    const refused = await project.install('--save-dev', package22).catch((error: Error) => error);
    const reason = `${package22} cannot be had here: ${refused?.message.split('\n')[1]}`;
    if (refused) process.stderr.write(`The packed clients are not tried on Node 22: ${reason}\n`);
    skip(refused !== undefined, reason);
    const node22 = `${project.directory}/node_modules/${package22.replace('@22', '')}/bin/node`;
    expect(await project.run(node22, '--version')).toMatch(/^v22\./);
    for (const [i, printed] of PRINTED.entries()) await expectPrinted(node22, i + 1, printed);
  });

  it('type-check in strict mode, declarations of their own included', { timeout: 60_000 }, async () => {
    const files = await Promise.all(examples.map((code, i) => project.write(`typed-${i}.ts`, code)));
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2024',
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      types: ['node'],
    };
    const options = { compilerOptions, files };
    await project.write('tsconfig.json', JSON.stringify(options));
    await project.run(bin('tsc'), '-p', project.directory);
  });

  it('tell a test author without the field rules what to install', async () => {
    await project.write(
      'without.mjs',
      `import { registerHooks } from 'node:module';
       registerHooks({ resolve(name, ...rest) {
         if (name === '@bufbuild/protovalidate') throw new Error('not installed');
         return rest[1](name, rest[0]);
       } });
       const { createFakeUserService } = await import('@rollcall/user-client/testing');
       try { createFakeUserService(); } catch (error) { console.log(error.message); }`,
    );
    expect(await project.run(process.execPath, 'without.mjs')).toContain(
      'npm install --save-dev @bufbuild/protovalidate',
    );
  });
});

describe.each(NAMES)('the tarball of @rollcall/%s', (name) => {
  const tarball = () => tarballs.find((path) => path.includes(`rollcall-${name}-`)) ?? '';

  it('is accepted by publint', async () => {
    expect(await project.run(bin('publint'), tarball(), '--strict')).toContain('All good!');
  });

  it('is accepted by attw', { timeout: 60_000 }, async () => {
    const told = await project.run(bin('attw'), '--profile', 'esm-only', tarball());
    const good = told.split('\n').filter((line) => line.startsWith('node16 (from ESM): 🟢'));
    expect(good).toHaveLength(Object.keys(manifestOf(name).exports).length);
  });

  it('imports nothing that it does not declare, and no server code', () => {
    const { dependencies, peerDependencies } = manifestOf(name);
    const declared = Object.keys({ ...dependencies, ...peerDependencies });
    const undeclared = importsOf(name).filter((each) => ![...declared, `@rollcall/${name}`].includes(each));
    expect(undeclared).toEqual([]);
    expect(importsOf(name)).toContain('@bufbuild/protobuf');
  });

  it('holds what is built, and nothing else', () => {
    const files = globSync('**/*', { cwd: installed(name), withFileTypes: true })
      .filter((each) => each.isFile())
      .map((each) => `${each.parentPath}/${each.name}`.slice(installed(name).length + 1));
    const odd = files.filter((file) => !/^dist\/.*\.(js|d\.ts)$/.test(file)).sort();
    const image = name === 'contract' ? ['dist/gen/rollcall.binpb'] : [];
    expect(odd).toEqual(['LICENSE', 'README.md', ...image, 'package.json']);
    expect(files.filter((file) => /\.test|test-support|map-user-service/.test(file))).toEqual([]);
  });

  it('says what a package says, and not that it is private', () => {
    const { version, license, engines, private: isPrivate } = manifestOf(name);
    expect({ version, license, engines, isPrivate }).toEqual({
      version: readManifestHere(name.replace('-client', '')).version,
      license: 'Apache-2.0',
      engines: { node: '>=22' },
      isPrivate: undefined,
    });
  });
});

describe('a production install of the packed clients', () => {
  it('brings six packages that are not ours by name', () => {
    const named = NAMES.flatMap((name) => Object.keys(manifestOf(name).dependencies));
    expect([...new Set(named)].filter((each) => !each.startsWith('@rollcall/')).sort()).toEqual([
      '@bufbuild/protobuf',
      '@connectrpc/connect',
      '@grpc/grpc-js',
      '@opentelemetry/api',
      'lru-cache',
      'opossum',
    ]);
  });
});

async function expectPrinted(node: string, number: number, printed: string | RegExp): Promise<void> {
  const file = await project.write(`example-${number}.mjs`, withPorts(examples[number - 1] ?? ''));
  const output = await project.run(node, file);
  if (typeof printed === 'string') expect(output).toBe(printed);
  else expect(output).toMatch(printed);
}

/** The packages that the code and the declarations of a package import. */
function importsOf(name: string): string[] {
  const found = new Set<string>();
  for (const file of globSync('dist/**/*.{js,d.ts}', { cwd: installed(name) })) {
    const text = readFileSync(`${installed(name)}/${file}`, 'utf8');
    for (const [, specifier = ''] of text.matchAll(IMPORT)) {
      if (specifier.startsWith('.') || specifier.startsWith('node:')) continue;
      found.add(specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'));
    }
  }
  return [...found].filter((each) => !builtinModules.includes(each));
}

const IMPORT = /(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+)["'](@?[\w./-]+)["']/gm;
