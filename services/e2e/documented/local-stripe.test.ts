import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCommandDatabase } from '@rollcall/runtime';
import { afterAll, expect, it } from 'vitest';
import { readWebhookSecret } from '../../billing/stripe-cli/post-event.ts';
import { readOrCreateStripeSecret } from '../../local/data-directory/secrets.ts';
import { readOrCreateCredentials } from '../../local/postgres/initialize.ts';

const directory = mkdtempSync(join(tmpdir(), 'rollcall-local-stripe-'));
const env = { ROLLCALL_DATA_DIR: directory };
afterAll(() => rmSync(directory, { recursive: true }));

it('npm run stripe signs by the secret that npm start keeps', () => {
  const kept = readOrCreateStripeSecret(directory, {});
  expect(readWebhookSecret(env).reveal()).toBe(kept);
});

it('npm run stripe finds the database that npm start keeps, unless it is told of another', () => {
  const password = readOrCreateCredentials(directory, true).passwordOf('billing');
  const local = `postgres://billing:${password}@127.0.0.1:54320/billing`;
  expect(findCommandDatabase(env, 'billing').url.reveal()).toBe(local);
  expect(findCommandDatabase({ ...env, POSTGRES_PORT: '5' }, 'billing').url.reveal()).toContain(':5/billing');
  const told = 'postgres://a:b@c/d';
  expect(findCommandDatabase({ ...env, BILLING_DATABASE_URL: told }, 'billing').url.reveal()).toBe(told);
});

it('npm run audit, grants and feed find the database that npm start keeps, unless they are told of another', () => {
  const { passwordOf } = readOrCreateCredentials(directory, false);
  const local = (role: string) => `postgres://${role}:${passwordOf(role)}@127.0.0.1:54320/auth`;
  expect(findCommandDatabase(env, 'auth').url.reveal()).toBe(local('auth'));
  expect(findCommandDatabase(env, 'auth', 'auth_owner').url.reveal()).toBe(local('auth_owner'));
  const told = 'postgres://a:b@c/d';
  expect(findCommandDatabase({ ...env, AUTH_DATABASE_URL: told }, 'auth', 'auth_owner').url.reveal()).toBe(
    told,
  );
});
