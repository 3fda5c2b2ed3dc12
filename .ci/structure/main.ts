// npm run check:structure -- [--where] Prints the figures of the repository's structure. --where names the
// files behind each. Exit code 1: a bound is passed.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Figure, measure } from './figures.ts';
import { listFiles, readSources } from './source.ts';
import { readWalks } from './walks.ts';

const { values } = parseArgs({ options: { where: { type: 'boolean', default: false } } });
const paths = listFiles();
const walks = readWalks(readFileSync('docs/architecture.md', 'utf8'));
const figures = measure(paths, readSources(paths), walks);
for (const figure of figures) process.stdout.write(`${lineOf(figure)}\n`);
process.exitCode = figures.some(({ value, most }) => most !== undefined && value > most) ? 1 : 0;

function lineOf(figure: Figure): string {
  const { name, value, most, where = [] } = figure;
  const show = (n: number) => (figure.isShare ? `${(n * 100).toFixed(1)} %` : String(n));
  const bound = most === undefined ? '' : `at most ${show(most)}${value > most ? '   MISSED' : ''}`;
  const line = `${name.padEnd(46)}${show(value).padStart(9)}   ${bound}`.trimEnd();
  return [line, ...(values.where ? where.map((each) => `    ${each}`) : [])].join('\n');
}
