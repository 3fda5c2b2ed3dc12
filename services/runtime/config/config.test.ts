import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { StartupError } from '../startup-error.ts';
import {
  choiceSetting,
  databaseUrlSetting,
  integerSetting,
  optional,
  portSetting,
  readConfig,
} from './config.ts';
import { Secret } from './secret.ts';

const SETTINGS = {
  url: databaseUrlSetting({ variable: 'X_URL', doc: 'Where the database is.' }),
  port: portSetting({ variable: 'X_PORT', default: '80', doc: 'Port.' }),
  count: integerSetting({ variable: 'X_COUNT', default: '3', min: 1, max: 5, doc: 'How many.' }),
  color: choiceSetting({ variable: 'X_COLOR', default: 'red', choices: ['red', 'blue'], doc: 'Which.' }),
  spare: optional(databaseUrlSetting({ variable: 'X_SPARE', doc: 'Another.' })),
};

describe('readConfig', () => {
  it('reads variables that are set and takes the default for those that are unset or empty', () => {
    const config = readConfig(SETTINGS, { X_URL: 'postgres://u:p@h/db', X_PORT: '', X_COUNT: ' 5 ' });
    expect(config).toMatchObject({ port: 80, count: 5, color: 'red', spare: undefined });
    expect(config.url.reveal()).toBe('postgres://u:p@h/db');
  });

  it('names every fault at once, each with its variable and the cure', () => {
    const read = () => readConfig(SETTINGS, { X_PORT: '70000', X_COUNT: '2.5', X_COLOR: 'pink' });
    expect(read).toThrow(StartupError);
    expect(read).toThrow(
      [
        'X_URL is not set: Where the database is.',
        'X_PORT must be a whole number from 0 to 65535, not "70000": correct it or unset it',
        'X_COUNT must be a whole number from 1 to 5, not "2.5": correct it or unset it',
        'X_COLOR must be one of red, blue, not "pink": correct it or unset it',
      ].join('\n'),
    );
  });

  it('does not repeat a malformed database address, which may hold a password', () => {
    expect(() => readConfig({ url: SETTINGS.url }, { X_URL: 'mysql://me:hunter2@h/db' })).toThrow(
      /^X_URL must be of the form postgres:\/\/user:password@host:port\/database: correct it or unset it$/,
    );
  });
});

describe('Secret', () => {
  it('shows its value only through reveal', () => {
    const secret = new Secret('hunter2');
    expect([`${secret}`, JSON.stringify({ secret }), inspect({ secret })].join()).not.toContain('hunter2');
    expect(secret.reveal()).toBe('hunter2');
  });
});
