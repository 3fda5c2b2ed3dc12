// buf breaking: the proto files as they stand against the last commit on main, and each recent change of them
// against what it changed, so that a break does not hide behind the commits that came after it.
import { execFileSync, spawnSync } from 'node:child_process';

const RECENT = 20;

const git = (...args) =>
  execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
// buf looks 50 commits back by itself, and merges bring in more than that at once.
const DEPTH = git('rev-list', '--count', 'HEAD');

const holdsProtos = (commit) => spawnSync('git', ['cat-file', '-e', `${commit}:proto`]).status === 0;
const mainBranch = ['refs/remotes/origin/main', 'refs/heads/main'].find(
  (ref) => spawnSync('git', ['rev-parse', '--verify', '--quiet', ref]).status === 0,
);

const toInput = (commit) => `.git#ref=${git('rev-parse', commit)},depth=${DEPTH}`;

const changes = git('log', `--max-count=${RECENT}`, '--format=%h', '--', 'proto').split('\n').filter(Boolean);
const pairs = [
  ...(mainBranch && holdsProtos(mainBranch) ? [['.', mainBranch]] : []),
  ...changes.filter((commit) => holdsProtos(`${commit}~1`)).map((commit) => [toInput(commit), `${commit}~1`]),
];

let broken = 0;
for (const [input, base] of pairs) {
  const buf = spawnSync('buf', ['breaking', input, '--against', toInput(base)], {
    stdio: 'inherit',
  });
  if (buf.status === 0) continue;
  broken += 1;
  process.stderr.write(`${input} breaks callers of ${base}: see the lines above.\n`);
}
process.stdout.write(`${pairs.length} comparisons of the proto files, ${broken} of them breaking.\n`);
process.exitCode = broken > 0 ? 1 : 0;
