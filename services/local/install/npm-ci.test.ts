import { describe, expect, it } from 'vitest';
import { nodeFault } from './node-version.mjs';
import { npmCommand, npmReason } from './npm-ci.mjs';

describe('npmCommand', () => {
  it('calls the npm that runs the script, under the same Node', () => {
    const path = '/usr/lib/node_modules/npm/bin/npm-cli.js';
    expect(npmCommand({ npm_execpath: path })).toEqual({ command: process.execPath, args: [path] });
  });

  it('calls the npm on the path where another tool, or none, runs the script', () => {
    expect(npmCommand({ npm_execpath: '/usr/lib/pnpm/bin/pnpm.cjs' })).toEqual({ command: 'npm', args: [] });
    expect(npmCommand({})).toEqual({ command: 'npm', args: [] });
  });
});

describe('npmReason', () => {
  it('keeps code and reason and leaves out warnings, places and help', () => {
    const output = [
      'npm warn EBADENGINE Unsupported engine',
      'npm error code ENOTFOUND',
      'npm error syscall getaddrinfo',
      'npm error errno ENOTFOUND',
      'npm error network request to https://registry.example failed',
      'npm error network This is a problem related to network connectivity.',
    ].join('\n');
    expect(npmReason(output)).toBe('code ENOTFOUND, network request to https://registry.example failed');
  });

  it('says so where npm gave none', () => {
    expect(npmReason('')).toBe('npm ci gave no reason');
  });
});

describe('nodeFault', () => {
  it('has nothing to say where npm brought a Node, or the machine has a new one', () => {
    expect(nodeFault({ hasPackagedNode: true, version: '20.20.2' })).toBeUndefined();
    expect(nodeFault({ hasPackagedNode: false, version: '24.0.0' })).toBeUndefined();
    expect(nodeFault({ hasPackagedNode: false, version: '26.1.0' })).toBeUndefined();
  });

  it('names version, platform and cure elsewhere, in one line', () => {
    const fault = nodeFault({ hasPackagedNode: false, version: '22.1.0' });
    expect(fault).toContain('needs Node 24, this is 22.1.0');
    expect(fault).toContain('https://nodejs.org');
    expect(fault).not.toContain('\n');
  });
});
