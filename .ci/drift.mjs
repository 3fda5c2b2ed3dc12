// Fails where a generated file is not what npm run generate gives, and leaves the new files for a look.
import { execFileSync } from 'node:child_process';

const GENERATED = [
  'clients/contract/gen',
  '.config/biome.json',
  'docs/settings.md',
  'services/*/schema-version.ts',
];
const status = () => execFileSync('git', ['status', '--porcelain', '--', ...GENERATED], { encoding: 'utf8' });

const before = status();
execFileSync('npm', ['run', '--silent', 'generate'], { stdio: 'inherit' });
const after = status();
if (after !== before || before !== '') {
  process.stderr.write(`Generated files are out of date: commit the outcome of npm run generate.\n${after}`);
  process.exit(1);
}
process.stdout.write(`Up to date: ${GENERATED.join(', ')}.\n`);
