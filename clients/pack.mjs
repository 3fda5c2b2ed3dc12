// Packs the clients that others install: built JavaScript with types, one tarball each.
// In this repository the same packages are run from their .ts as they are, and nothing built is kept.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { toPackedManifest } from './packed-manifest.mjs';

const clients = fileURLToPath(new URL('.', import.meta.url));
const top = fileURLToPath(new URL('..', import.meta.url));

// The directories under clients/ that are packages for others, each after those it depends on.
const PACKED = ['contract', 'transport', 'user'];

/** Builds all of them at once: they import each other by name, and each name leads to source here. */
function build(stage) {
  const config = join(stage, 'tsconfig.json');
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    rootDir: clients,
    outDir: join(stage, 'built'),
    typeRoots: [join(top, 'node_modules/@types')],
  };
  // From the doors on, so that nothing goes out that no door leads to; and what types what brings no types.
  const files = PACKED.flatMap((name) => {
    const doors = Object.values(readManifest(name).exports).map((door) => join(clients, name, door));
    return [...doors, ...globSync(`${clients}${name}/{,*/}*.d.ts`)];
  });
  const options = { extends: join(top, 'tsconfig.json'), compilerOptions, include: [], files };
  writeFileSync(config, JSON.stringify(options));
  const tsc = spawnSync(process.execPath, [join(top, 'node_modules/typescript/bin/tsc'), '-p', config], {
    encoding: 'utf8',
  });
  if (tsc.status !== 0) throw new Error(`The clients do not compile:\n${tsc.stdout}${tsc.stderr}`);
}

// The compiler turns './x.ts' into './x.js' in code and leaves it in declarations, where not every tool understands it.
function rewriteDeclarations(directory) {
  for (const file of globSync(`${directory}/**/*.d.ts`)) {
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace(/((?:from |import\()['"]\.[^'"]*)\.ts(['"])/g, '$1.js$2'));
  }
}

/** Lays one package out as it is installed. */
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

// Some versions of npm answer a list, others an object by name.
function tarballsOf(answer) {
  return Object.values(answer).map(({ filename }) => filename);
}

/** Where the tarballs go. Throws where the arguments do not say. */
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
