import { describe, expect, it } from 'vitest';
import { readConfig } from '../config/config.ts';
import { keysSetting, makeKey, parseKeys } from './key-list.ts';

const SETTINGS = { keys: keysSetting({ variable: 'X_KEYS', doc: 'Keys.' }) };

describe('keysSetting', () => {
  it('takes one key and several, and keeps them secret', () => {
    const text = `${makeKey('k2')}, ${makeKey('k1')}`;
    const { keys } = readConfig(SETTINGS, { X_KEYS: text });
    expect(parseKeys(keys.reveal()).map(({ id, bytes }) => [id, bytes.length])).toEqual([
      ['k2', 32],
      ['k1', 32],
    ]);
    expect(JSON.stringify({ keys })).toBe('{"keys":"***"}');
  });

  it.each([
    ['no id', Buffer.alloc(32).toString('base64')],
    ['no base64', 'k1:?'],
    ['a key that is too short', `k1:${Buffer.alloc(31).toString('base64')}`],
    ['a key that is too long', `k1:${Buffer.alloc(33).toString('base64')}`],
    ['nothing behind a comma', `${makeKey('k1')},`],
  ])('refuses %s, explains how to make a key, and does not repeat the input', (_, text) => {
    const read = () => readConfig(SETTINGS, { X_KEYS: text });
    expect(read).toThrow(
      'X_KEYS must be of the form id:base64[,id:base64 ...], each key 32 bytes; echo "k1:$(openssl rand -base64 32)" makes one',
    );
    expect(read).not.toThrow(text.slice(3));
  });

  it('refuses an id or a key twice', () => {
    const key = makeKey('k1');
    expect(() => readConfig(SETTINGS, { X_KEYS: `${key},${makeKey('k1')}` })).toThrow('ids differ');
    expect(() => readConfig(SETTINGS, { X_KEYS: `${key},${key.replace('k1', 'k2')}` })).toThrow(
      'one key under two ids',
    );
  });
});
