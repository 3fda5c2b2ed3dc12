import { describe, expect, it } from 'vitest';
import { createCallerLimits } from './caller-limits.ts';
import { type Grant, indexGrants } from './grants.ts';

const UNLIMITED = { ratePerSecond: 0, burst: 0, concurrency: 0 };
const grant: Grant = {
  caller: 'booking',
  name: 'default',
  methods: ['a.v1.Users/Get', 'a.v1.Notes/*'],
  views: ['REFERENCE'],
  tenants: ['acme', 'demo'],
  limits: UNLIMITED,
};
const requested = { method: 'a.v1.Users/Get', tenants: ['acme'], view: 'REFERENCE' };

describe('grants', () => {
  const find = indexGrants([grant, { ...grant, caller: 'console', tenants: ['*'], views: ['FULL'] }]);

  it.each([
    ['the method', {}, true],
    ['every method of a service', { method: 'a.v1.Notes/List' }, true],
    ['a method that answers no view', { view: undefined }, true],
    ['several tenants', { tenants: ['acme', 'demo'] }, true],
    ['another method', { method: 'a.v1.Users/Delete' }, false],
    ['a service whose name begins alike', { method: 'a.v1.NotesAdmin/List' }, false],
    ['a larger view', { view: 'FULL' }, false],
    ['another tenant', { tenants: ['other'] }, false],
    ['a tenant named like the sign for all', { tenants: ['*'] }, false],
    ['T2: one tenant too many, the last', { tenants: ['acme', 'demo', 'other'] }, false],
    ['T2: one tenant too many, the first', { tenants: ['other', 'acme', 'demo'] }, false],
    ['T2: one tenant too many, in between', { tenants: ['acme', 'other', 'demo'] }, false],
  ])('decide %s', (_, change, isGranted) => {
    expect(find('booking', { ...requested, ...change }) !== undefined).toBe(isGranted);
  });

  it('give a caller nothing of another caller, and nothing to an unknown caller', () => {
    expect(find('console', requested)).toBeUndefined();
    expect(find('console', { ...requested, tenants: ['anything'], view: 'FULL' })?.caller).toBe('console');
    expect(find('nobody', requested)).toBeUndefined();
  });

  it('are not combined: one of them must cover the whole request', () => {
    const both = indexGrants([
      { ...grant, name: 'a', tenants: ['acme'], views: ['FULL'] },
      { ...grant, name: 'b', tenants: ['demo'], views: ['REFERENCE'] },
    ]);
    expect(both('booking', { ...requested, view: 'FULL', tenants: ['demo'] })).toBeUndefined();
    expect(both('booking', { ...requested, view: 'REFERENCE', tenants: ['demo'] })?.name).toBe('b');
  });
});

describe('limits', () => {
  it('let a burst through, then the rate, and return the time to wait', () => {
    const clock = { nowMs: 0 };
    const limits = createCallerLimits(() => clock.nowMs);
    const limited = { ...grant, limits: { ratePerSecond: 10, burst: 3, concurrency: 0 } };
    const enter = () => limits.enter(limited);
    for (let i = 0; i < 3; i++) expect(enter()).toBeTypeOf('function');
    expect(enter()).toEqual({ limit: 'rate', retryMs: 100 });
    clock.nowMs += 100;
    expect(enter()).toBeTypeOf('function');
    expect(enter()).toMatchObject({ limit: 'rate' });
    clock.nowMs += 60_000;
    for (let i = 0; i < 3; i++) expect(enter()).toBeTypeOf('function');
    expect(enter()).toMatchObject({ limit: 'rate' });
  });

  it('count the calls in progress for each grant separately', () => {
    const limits = createCallerLimits(() => 0);
    const limited = { ...grant, limits: { ratePerSecond: 0, burst: 0, concurrency: 1 } };
    const leave = limits.enter(limited);
    expect(limits.enter(limited)).toMatchObject({ limit: 'concurrency' });
    expect(limits.enter({ ...limited, caller: 'console' })).toBeTypeOf('function');
    if (typeof leave === 'function') leave();
    expect(limits.enter(limited)).toBeTypeOf('function');
  });
});
