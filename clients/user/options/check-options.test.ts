import { readFile } from 'node:fs/promises';
import { UserView } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import { NUMBER_OPTIONS, REFRESH_AHEAD_RATIO, toSettings } from './check-options.ts';
import type { UserClientOptions } from './user-client-options.ts';

describe('options', () => {
  it('are listed in the README with their default and their range', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const rows = [...readme.matchAll(/^\| `(\w+)` +\| (\d+) +\| (\d+) to (\d+) +\|/gm)];
    const documented = Object.fromEntries(rows.map(([, name, ...numbers]) => [name, numbers.map(Number)]));
    expect(documented).toEqual(NUMBER_OPTIONS);
    expect(readme).toMatch(new RegExp(`^\\| \`refreshAheadRatio\` +\\| ${REFRESH_AHEAD_RATIO} `, 'm'));
  });

  it('for one ttl follow the other where that is not given', () => {
    expect(toSettings({})).toMatchObject({ ttlMs: 5_000, liveTtlMs: 600_000, liveMissingTtlMs: 60_000 });
    expect(toSettings({ ttlMs: 0, missingTtlMs: 0 })).toMatchObject({ liveTtlMs: 0, liveMissingTtlMs: 0 });
    expect(toSettings({ ttlMs: 700_000 })).toMatchObject({ liveTtlMs: 700_000 });
    expect(toSettings({ ttlMs: 0, liveTtlMs: 9 })).toMatchObject({ liveTtlMs: 9 });
  });

  it('of the breaker have their default where they are undefined', () => {
    const breaker = { resetTimeoutMs: undefined, probes: undefined } as object;
    expect(() => toSettings({ breaker })).not.toThrow();
  });

  it.each([
    [{ ttlMs: 10, liveTtlMs: 9 }, 'liveTtlMs'],
    [{ missingTtlMs: 10, liveMissingTtlMs: 9 }, 'liveMissingTtlMs'],
    [undefined as never, 'options'],
    [null as never, 'options'],
    ['127.0.0.1:1' as never, 'options'],
    [{ clock: 5 as never }, 'clock'],
    [{ breaker: null as never }, 'breaker'],
    [{ breaker: 5 as never }, 'breaker'],
    [{ breaker: { probes: null as never } }, 'breaker.probes'],
    [{ breaker: { resetTimeoutMs: 0 } }, 'breaker.resetTimeoutMs'],
    [{ view: Symbol('view') as never }, 'view'],
    [{ degrade: Object.create(null) }, 'degrade'],
    [{ ttlMs: Object.create(null) }, 'ttlMs'],
    [{ maxBytes: 1 }, 'maxBytes'],
    [{ maxSeenVersions: 0 }, 'maxSeenVersions'],
    [{ refreshAheadRatio: 1 }, 'refreshAheadRatio'],
    [{ refreshAheadRatio: Number.NaN }, 'refreshAheadRatio'],
    [{ degrade: 'placeholder' as never }, 'degrade'],
    [{ degrade: 'stale', snapshotPath: '/tmp/x' }, 'degrade'],
    [{ snapshotPath: '' }, 'snapshotPath'],
    [{ snapshotIntervalMs: 5_000 }, 'snapshotIntervalMs'],
    [{ snapshotIntervalMs: 1, snapshotPath: '/tmp/x' }, 'snapshotIntervalMs'],
    [{ snapshotView: UserView.BASIC }, 'snapshotView'],
    [{ snapshotView: 9 as UserView, snapshotPath: '/tmp/x' }, 'snapshotView'],
  ] satisfies [UserClientOptions, string][])('like %j are refused by name', (options, option) => {
    expect(() => toSettings(options)).toThrow(expect.objectContaining({ reason: 'option_invalid', option }));
  });
});
