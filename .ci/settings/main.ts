// Writes the reference of settings in docs/settings.md from the settings of the code; part of npm run
// generate.
import { readFileSync, writeFileSync } from 'node:fs';
import { withReference } from './tables.ts';

const PAGE = new URL('../../docs/settings.md', import.meta.url);
writeFileSync(PAGE, withReference(readFileSync(PAGE, 'utf8')));
