// buf breaking against the last commit on main: the one before this where this is main itself, else main.
import { execFileSync, spawnSync } from 'node:child_process';

const git = (...args) =>
  execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
const find = (ref) => {
  try {
    return git('rev-parse', '--verify', `${ref}^{commit}`);
  } catch {
    return undefined;
  }
};

const main = find('refs/remotes/origin/main') ?? find('refs/heads/main');
const dirty = git('status', '--porcelain', '--', 'proto') !== '';
const base = main && main === find('HEAD') && !dirty ? find('HEAD~1') : main;
if (!base) {
  process.stdout.write('There is no earlier commit on main to compare with.\n');
  process.exit(0);
}
process.stdout.write(`Comparing with ${base}.\n`);
const buf = spawnSync('buf', ['breaking', '--against', `.git#ref=${base}`], { stdio: 'inherit' });
process.exit(buf.status ?? 1);
