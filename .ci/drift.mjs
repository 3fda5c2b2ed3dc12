// Fails where clients/contract/gen is not what the proto files give, and leaves the new files for a look.
import { execFileSync } from 'node:child_process';

const GENERATED = 'clients/contract/gen';
const status = () => execFileSync('git', ['status', '--porcelain', '--', GENERATED], { encoding: 'utf8' });

const before = status();
execFileSync('npm', ['run', '--silent', 'generate'], { stdio: 'inherit' });
if (status() !== before || before !== '') {
  process.stderr.write(
    `${GENERATED} is not what the proto files give: commit the outcome of npm run generate.\n${status()}`,
  );
  process.exit(1);
}
process.stdout.write(`${GENERATED} is what the proto files give.\n`);
