// Writes the `overrides` of biome.json from rooms.json, the table of allowed imports; part of npm run
// generate.
import { readFileSync, writeFileSync } from 'node:fs';

const BIOME = new URL('biome.json', import.meta.url);
const WIRE_AND_TABLES = ['@grpc/**', '@connectrpc/**', '@bufbuild/**', '@mikro-orm/**', 'pg'];
const TESTS = ['**/*.test.ts', '**/*.test-support.ts', '**/testing/**', 'services/e2e/**'];
const READS_ENVIRONMENT = ['**/main.ts', '**/*.mjs', 'bench/**', '.ci/**'];

/** The text of biome.json: its own settings, with the overrides that `rooms` and `domains` ask for. */
export function biomeJson() {
  const { rooms, domains } = JSON.parse(readFileSync(new URL('rooms.json', import.meta.url), 'utf8'));
  const { overrides: _, ...settings } = JSON.parse(readFileSync(BIOME, 'utf8'));
  const around = {
    group: [
      ...['clients', 'services', 'migrations'].map((folder) => `**/${folder}/**`),
      ...rooms.map(({ room }) => `../**/${room.split('/').at(-1)}/**`),
      '../**/e2e/**',
    ],
    message: 'Import another room as its package, @rollcall/…',
  };
  const domain = {
    group: ['../**/rpc/**', '../**/postgres/**', ...WIRE_AND_TABLES],
    message: 'The domain knows no wire and no table.',
  };
  const overrides = [
    ...rooms.map(({ room, mayImport, message }) =>
      restrict([room], [{ group: othersThan(mayImport), message }, around]),
    ),
    ...domains.map(({ folders, mayImport }) => {
      const message = 'The domain imports nothing beside or above it.';
      return restrict(folders, [{ group: othersThan(mayImport), message }, around, domain]);
    }),
    { includes: TESTS, linter: { rules: { style: { noRestrictedImports: 'off', noProcessEnv: 'off' } } } },
    { includes: READS_ENVIRONMENT, linter: { rules: { style: { noProcessEnv: 'off' } } } },
  ];
  return `${JSON.stringify({ ...settings, overrides: [] }, null, 2).replace(/\[\]\n\}$/, '')}[\n${overrides
    .map((each) => `    ${JSON.stringify(each)}`)
    .join(',\n')}\n  ]\n}\n`;
}

function othersThan(packages) {
  return ['@rollcall/**', ...packages.flatMap((name) => [`!@rollcall/${name}`, `!@rollcall/${name}/**`])];
}

function restrict(folders, patterns) {
  const noRestrictedImports = { level: 'error', options: { patterns } };
  return {
    includes: folders.map((folder) => `${folder}/**`),
    linter: { rules: { style: { noRestrictedImports } } },
  };
}

if (import.meta.main) writeFileSync(BIOME, biomeJson());
