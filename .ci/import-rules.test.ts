import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { biomeJson } from '../.config/write-biome.mjs';

const REFUSED: [file: string, statement: string, rule: string][] = [
  ['clients/contract/x.ts', "import '@rollcall/transport';", 'noRestrictedImports'],
  ['clients/transport/x.ts', "import '@rollcall/user-client';", 'noRestrictedImports'],
  ['clients/user/x.ts', "import '@rollcall/runtime';", 'noRestrictedImports'],
  ['services/runtime/x.ts', "import '@rollcall/auth';", 'noRestrictedImports'],
  ['services/auth/x.ts', "import '@rollcall/user-client';", 'noRestrictedImports'],
  ['services/auth/x.ts', "import '../runtime/config.ts';", 'noRestrictedImports'],
  ['services/auth/users/x.ts', "import '../rpc/user-message.ts';", 'noRestrictedImports'],
  ['services/auth/users/reading/x.ts', "import '../../rpc/user-message.ts';", 'noRestrictedImports'],
  ['services/auth/users/x.ts', "import '@bufbuild/protobuf';", 'noRestrictedImports'],
  ['services/booking/x.ts', "import '@rollcall/auth';", 'noRestrictedImports'],
  ['services/booking/x.ts', "import '../../clients/user/with-cache.ts';", 'noRestrictedImports'],
  ['services/booking/x.ts', "import '@rollcall/transport';", 'noRestrictedImports'],
  ['services/user-access/x.ts', "import '@rollcall/booking';", 'noRestrictedImports'],
  ['services/vendor/x.ts', "import '@rollcall/booking-client';", 'noRestrictedImports'],
  ['services/vendor/vendors/x.ts', "import '../postgres/vendor-rows.ts';", 'noRestrictedImports'],
  ['services/billing/x.ts', "import '@rollcall/booking';", 'noRestrictedImports'],
  ['services/billing/x.ts', "import '@rollcall/transport';", 'noRestrictedImports'],
  ['services/booking/bookings/x.ts', "import '@rollcall/transport';", 'noRestrictedImports'],
  ['migrations/x.ts', "import '@rollcall/auth';", 'noRestrictedImports'],
  ['services/auth/x.ts', 'export const x = process.env;', 'noProcessEnv'],
  ['services/auth/x.ts', 'export enum X { A }', 'noEnum'],
  ['services/auth/x.ts', 'export default 1;', 'noDefaultExport'],
];

const ALLOWED: [file: string, statement: string][] = [
  ['clients/user/x.ts', "import '@rollcall/transport';"],
  ['services/auth/x.ts', "import '@rollcall/contract/user';"],
  ['services/auth/main.ts', 'export const x = process.env;'],
  ['services/booking/x.ts', "import '@rollcall/user-client';"],
  ['services/user-access/x.ts', "import '@rollcall/transport';"],
  ['services/vendor/x.ts', "import '@rollcall/user-access';"],
  ['services/billing/x.ts', "import '@rollcall/booking-client';"],
  ['services/billing/x.ts', "import '@rollcall/transport/guard';"],
  ['services/booking/x.test.ts', "import '@rollcall/auth';"],
];

let directory: string;
let found: ReadonlyMap<string, readonly string[]>;

// Each case is a file of its own in a copy of the folders, which the linter reads once.
const at = (file: string, i: number) => file.replace('x.', `x${i}.`);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-rules-'));
  await cp(new URL('../.config', import.meta.url), join(directory, '.config'), { recursive: true });
  for (const [i, [file, statement]] of [...REFUSED, ...ALLOWED].entries()) {
    const path = join(directory, at(file, i));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${statement}\n`);
  }
  found = await lint(directory);
});

afterAll(() => rm(directory, { recursive: true, force: true }));

describe('the linter', () => {
  it.each(REFUSED.map((each, i) => [...each, i] as const))('refuses in %s: %s', (file, _, rule, i) => {
    expect(found.get(at(file, i))).toContain(rule);
  });

  it.each(ALLOWED.map((each, i) => [...each, i + REFUSED.length] as const))(
    'allows in %s: %s',
    (file, _, i) => {
      expect(found.get(at(file, i)) ?? []).toEqual([]);
    },
  );
});

it('is configured by what .config/write-biome.mjs makes of .config/rooms.json', async () => {
  expect(await readFile(new URL('../.config/biome.json', import.meta.url), 'utf8')).toBe(biomeJson());
});

async function lint(cwd: string): Promise<Map<string, string[]>> {
  const options = [
    '--config-path=.config',
    '--vcs-enabled=false',
    '--reporter=json',
    '--max-diagnostics=none',
  ];
  const { stdout } = await promisify(execFile)('biome', ['lint', ...options], { cwd }).catch(
    (failure) => failure,
  );
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { category: string; location: { path: string } }[];
  };
  const style = diagnostics.filter(({ category }) => category.startsWith('lint/style/'));
  const byFile = Map.groupBy(style, ({ location }) => location.path);
  return new Map(
    [...byFile].map(([path, each]) => [
      path,
      each.map(({ category }) => category.slice('lint/style/'.length)),
    ]),
  );
}
