// What only `…/testing` and `…/phone` import: nobody gets it who does not ask for it. Not said in the manifests here, where npm would
// take it into production installs.
const OPTIONAL_PEERS = {
  '@rollcall/contract': ['@connectrpc/connect', 'libphonenumber-js', 'vitest'],
  '@rollcall/user-client': ['@bufbuild/protovalidate'],
};

/**
 * The manifest that a package is published with, from the one it has here: what is built in place of source, no
 * development, ranges in place of exact versions of what is not ours, so that a consumer's own copy will do.
 */
export function toPackedManifest(manifest) {
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
      ...Object.fromEntries(Object.entries(exports).map(([door, source]) => [door, toBuilt(source)])),
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

// Ours are published together and fit each other exactly.
function toRanges(entries) {
  return Object.fromEntries(
    entries.map(([name, version]) => [name, name.startsWith('@rollcall/') ? version : `^${version}`]),
  );
}
