import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt, type JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createTokenSource, makeKeyPair, mintToken, readPrivateKey, writeKeyPair } from './token-keys.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-keys-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a key pair', () => {
  it('is written for its owner alone, without the private part in the public file, and never overwrites a file', async () => {
    const [privatePath, publicPath] = [join(folder, 'a.json'), join(folder, 'a.jwks')];
    await writeKeyPair(privatePath, publicPath);
    expect((await stat(privatePath)).mode & 0o777).toBe(0o600);
    const { d } = await readPrivateKey(privatePath);
    expect(await readFile(publicPath, 'utf8')).not.toContain(String(d));
    await expect(writeKeyPair(privatePath, publicPath)).rejects.toThrow(/is there already/);
  });

  it('is not used when others may read it', async () => {
    const path = join(folder, 'b.json');
    await writeKeyPair(path, join(folder, 'b.jwks'));
    await chmod(path, 0o640);
    await expect(readPrivateKey(path)).rejects.toThrow(`chmod 600 ${path}`);
  });

  it('is missing when the path names a folder or another file, whose mode stays unchanged', async () => {
    const path = join(folder, 'words');
    await writeFile(path, 'null', { mode: 0o644 });
    await expect(readPrivateKey(path)).rejects.toThrow(/it is not a private Ed25519 key in JWK form$/);
    await expect(readPrivateKey(folder)).rejects.toThrow(/cannot be used: EISDIR/);
  });

  it('is not left half written when one of its files cannot be written', async () => {
    const before = await readdir(folder);
    await expect(writeKeyPair(join(folder, 'half.json'), folder)).rejects.toThrow(
      `${folder} cannot be written: it is there already: name another, or remove it`,
    );
    expect(await readdir(folder)).toEqual(before);
  });
});

describe('minting', () => {
  const key = JSON.parse(makeKeyPair().privateJwk) as JWK;

  it('refuses a lifetime beyond an hour and an invalid name', async () => {
    const about = { caller: 'booking', audience: 'auth', ttlSeconds: 60 };
    await expect(mintToken(key, { ...about, ttlSeconds: 3601 })).rejects.toThrow(/an hour/);
    await expect(mintToken(key, { ...about, caller: 'local' })).rejects.toThrow(/cannot name a caller/);
  });

  it('makes a new token when most of the lifetime of the last has passed', async () => {
    let nowMs = 1_000_000_000;
    const next = createTokenSource(
      key,
      { caller: 'booking', audience: 'auth', ttlSeconds: 100 },
      () => nowMs,
    );
    const first = await next();
    nowMs += 60_000;
    expect(await next()).toBe(first);
    nowMs += 20_000;
    expect(await next()).not.toBe(first);
  });

  it('B8: makes a new token when the clock went back before the issue of the last', async () => {
    let nowMs = 1_000_000_000;
    const about = { caller: 'booking', audience: 'auth', ttlSeconds: 100 };
    const next = createTokenSource(key, about, () => nowMs);
    const first = await next();
    nowMs -= 3_600_000;
    const second = await next();
    expect(decodeJwt(second).iat).toBe(nowMs / 1000);
    expect(second).not.toBe(first);
    expect(await next()).toBe(second);
  });

  it('B8: makes a new token when most of its lifetime has passed, even if the clock stood still', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const about = { caller: 'booking', audience: 'auth', ttlSeconds: 100 };
      let nowMs = 1_000_000_000;
      const next = createTokenSource(key, about, () => nowMs);
      const first = await next();
      vi.advanceTimersByTime(71_000);
      nowMs += 1000;
      expect(await next()).not.toBe(first);
    } finally {
      vi.useRealTimers();
    }
  });
});
