// Part of npm run generate: writes the newest migration of each database into its service.
import { writeFileSync } from 'node:fs';
import { schemaVersionFiles } from './schema-versions.ts';

for (const { path, text } of schemaVersionFiles()) writeFileSync(path, text);
