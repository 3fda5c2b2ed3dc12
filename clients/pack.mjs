// Packs the published clients: built JavaScript with types, one tarball per package. In this repository the
// packages run from their .ts files, and no build is kept.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const clients = fileURLToPath(new URL('.', import.meta.url));
const top = fileURLToPath(new URL('..', import.meta.url));

// The published packages under clients/, each after its dependencies.
const PACKED = ['contract', 'transport', 'user'];

// Dependencies of `…/testing` and `…/phone`, which only their users install. The manifests in the repository
// do not list them as peers, because npm would add them to production installs.
const OPTIONAL_PEERS = {
  '@rollcall/contract': ['@connectrpc/connect', 'libphonenumber-js', 'vitest'],
  '@rollcall/user-client': ['@bufbuild/protovalidate'],
};

/** Builds all packages in one run: they import each other by name, and each name resolves to source here. */
function build(stage) {
  const config = join(stage, 'tsconfig.json');
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    rootDir: clients,
    outDir: join(stage, 'built'),
    typeRoots: [join(top, 'node_modules/@types')],
  };
  // From the entry points, so that nothing unreachable is published, and the declarations for untyped
  // dependencies.
  const files = PACKED.flatMap((name) => {
    const entryPoints = Object.values(readManifest(name).exports).map((entryPoint) =>
      join(clients, name, entryPoint),
    );
    return [...entryPoints, ...globSync(`${clients}${name}/{,*/}*.d.ts`)];
  });
  const options = { extends: join(top, 'tsconfig.json'), compilerOptions, include: [], files };
  writeFileSync(config, JSON.stringify(options));
  const tsc = spawnSync(process.execPath, [join(top, 'node_modules/typescript/bin/tsc'), '-p', config], {
    encoding: 'utf8',
  });
  if (tsc.status !== 0) throw new Error(`The clients do not compile:\n${tsc.stdout}${tsc.stderr}`);
}

// The compiler rewrites './x.ts' to './x.js' in code but not in declarations, where some tools do not resolve
// it.
function rewriteDeclarations(directory) {
  for (const file of globSync(`${directory}/**/*.d.ts`)) {
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace(/((?:from |import\()['"]\.[^'"]*)\.ts(['"])/g, '$1.js$2'));
  }
}

/** Writes one package in its installed layout. */
function layOut(stage, name) {
  const directory = join(stage, name);
  mkdirSync(directory);
  cpSync(join(stage, 'built', name), join(directory, 'dist'), { recursive: true });
  rewriteDeclarations(join(directory, 'dist'));
  if (name === 'contract')
    cpSync(`${clients}contract/gen/rollcall.binpb`, join(directory, 'dist/gen/rollcall.binpb'));
  cpSync(`${clients}${name}/README.md`, join(directory, 'README.md'));
  cpSync(`${top}LICENSE`, join(directory, 'LICENSE'));
  writeFileSync(
    join(directory, 'package.json'),
    `${JSON.stringify(toPackedManifest(readManifest(name)), null, 2)}\n`,
  );
  return `./${name}`;
}

/**
 * Returns the published manifest of a package: built files, no development dependencies, and ranges for
 * third-party packages, so that the copy of a consumer will do.
 */
function toPackedManifest(manifest) {
  const { name, version, description, license, type, exports } = manifest;
  const { dependencies, devDependencies } = manifest;
  const peers = OPTIONAL_PEERS[name] ?? [];
  return {
    name,
    version,
    description,
    license,
    type,
    sideEffects: false,
    engines: { node: '>=22' },
    files: ['dist'],
    exports: {
      ...Object.fromEntries(Object.entries(exports).map(([path, source]) => [path, toBuilt(source)])),
      './package.json': './package.json',
    },
    dependencies: toRanges(Object.entries(dependencies)),
    ...(peers.length > 0 && {
      peerDependencies: toRanges(peers.map((each) => [each, devDependencies[each]])),
      peerDependenciesMeta: Object.fromEntries(peers.map((each) => [each, { optional: true }])),
    }),
  };
}

function toBuilt(source) {
  const built = source.replace(/^\.\//, './dist/').replace(/\.ts$/, '');
  return { types: `${built}.d.ts`, default: `${built}.js` };
}

// Rollcall packages are published together, in exact versions.
function toRanges(entries) {
  return Object.fromEntries(
    entries.map(([name, version]) => [name, name.startsWith('@rollcall/') ? version : `^${version}`]),
  );
}

function readManifest(name) {
  return JSON.parse(readFileSync(join(clients, name, 'package.json'), 'utf8'));
}

function pack(out) {
  mkdirSync(out, { recursive: true });
  const stage = mkdtempSync(join(tmpdir(), 'rollcall-pack-'));
  try {
    build(stage);
    const directories = PACKED.map((name) => layOut(stage, name));
    const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', out, ...directories];
    const packed = execFileSync('npm', args, {
      cwd: stage,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return tarballsOf(JSON.parse(packed)).map((file) => join(out, file));
  } finally {
    rmSync(stage, { recursive: true });
  }
}

// Some versions of npm print a list, others an object by name.
function tarballsOf(answer) {
  return Object.values(answer).map(({ filename }) => filename);
}

/**
 * The directory of the tarballs.
 * @throws Error when the arguments name none
 */
function readOut() {
  const usage = 'Say where the tarballs go: npm run pack -- --out DIRECTORY';
  try {
    const { out } = parseArgs({ options: { out: { type: 'string' } } }).values;
    if (out) return resolve(out);
  } catch (cause) {
    throw new Error(`${cause.message.split('\n', 1)[0]}\n${usage}`, { cause });
  }
  throw new Error(usage);
}

try {
  process.stdout.write(`${pack(readOut()).join('\n')}\n`);
} catch (error) {
  process.stderr.write(`${error.message}\n${error.stderr ?? ''}`);
  process.exitCode = 1;
}
