// Part of npm run generate: tells each service the newest migration of its database.
import { writeFileSync } from 'node:fs';
import { schemaVersionFiles } from './schema-versions.ts';

for (const { path, text } of schemaVersionFiles()) writeFileSync(path, text);
