import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canEnter, currentServerUser, serverUser } from './server-user.ts';

const PASSWD = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin\n';

describe('serverUser', () => {
  it("is this process's own user unless that is root", () => {
    expect(serverUser(1000, PASSWD)).toBeUndefined();
  });

  it('is nobody for root, as /etc/passwd has it', () => {
    expect(serverUser(0, PASSWD)).toEqual({ name: 'nobody', uid: 65_534, gid: 65_533 });
  });

  it('names the cure where root finds no nobody', () => {
    expect(() => serverUser(0, 'root:x:0:0:root:/root:/bin/sh')).toThrow('run as an ordinary user');
  });
});

describe('canEnter', () => {
  it('is true for a directory below open ones and false below one that is closed to the user', () => {
    const top = mkdtempSync(join(tmpdir(), 'rollcall-enter-'));
    const inner = join(top, 'inner');
    mkdirSync(inner);
    try {
      chmodSync(top, 0o711);
      expect(canEnter(inner, currentServerUser())).toBe(true);
      // Closed to nobody when root runs this, and to its owner when an ordinary user does.
      chmodSync(top, currentServerUser() ? 0o700 : 0o600);
      expect(canEnter(inner, currentServerUser())).toBe(false);
    } finally {
      chmodSync(top, 0o700);
      rmSync(top, { recursive: true });
    }
  });
});
