import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { DATABASES } from './databases.ts';
import { schemaVersionFiles } from './schema-versions.ts';

const top = fileURLToPath(new URL('..', import.meta.url));

it.each(schemaVersionFiles())('$path is what npm run generate writes', ({ path, text }) => {
  expect(readFileSync(path, 'utf8')).toBe(text);
});

it('every migration that a service names is in the list of its database', () => {
  const files = execFileSync('git', ['ls-files', 'services/*/**.ts'], { cwd: top, encoding: 'utf8' }).split(
    '\n',
  );
  const named = files
    .filter((file) => file !== '' && !/\.test\.ts$|\/testing\//.test(file))
    .flatMap((file) =>
      [...readFileSync(`${top}${file}`, 'utf8').matchAll(/migration: '([^']+)'/g)].map(([, name]) => ({
        file,
        name,
        names: DATABASES[file.split('/')[1] ?? '']?.migrations.map((each) => each.name) ?? [],
      })),
    );
  expect(named.filter(({ name = '', names }) => !names.includes(name))).toEqual([]);
});
