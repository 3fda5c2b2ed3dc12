import { describe, expect, it } from 'vitest';
import { Secret } from '../config/secret.ts';
import { isSameDatabase } from './database-access.ts';

const isSame = (one: string, other: string) => isSameDatabase(new Secret(one), new Secret(other));

describe('isSameDatabase', () => {
  it.for([
    ['postgres://a:b@db:5432/x', 'postgres://c:d@DB:5432/x'],
    ['postgres://a@db/x', 'postgresql://a@db:5432/x?sslmode=require'],
    ['postgres://a@localhost/x', 'postgres://a@127.0.0.1:5432/x'],
    ['postgres://a@[::1]/x', 'postgres://a@localhost/%78'],
  ] as const)('is true of %j and %j', ([one, other]) => {
    expect(isSame(one, other)).toBe(true);
  });

  it.for([
    ['postgres://a@db/x', 'postgres://a@db/y'],
    ['postgres://a@db/x', 'postgres://a@db/X'],
    ['postgres://a@db:5432/x', 'postgres://a@db:5433/x'],
    ['postgres://a@db/x', 'postgres://a@other/x'],
  ] as const)('is false of %j and %j', ([one, other]) => {
    expect(isSame(one, other)).toBe(false);
  });
});
