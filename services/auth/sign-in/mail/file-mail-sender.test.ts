import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createFileMailSender, toEml } from './file-mail-sender.ts';

const MAIL = { to: 'ada@example.com', subject: 'Confirm', text: 'one\ntwo\n' };

it('writes one whole mail for each id, readable for its owner only', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-mail-'));
  try {
    const inner = join(directory, 'mail');
    const sender = createFileMailSender(inner);
    await sender.send(MAIL, 'one');
    await sender.send(MAIL, 'one');
    expect(await readdir(inner)).toEqual(['one.eml']);
    expect((await stat(join(inner, 'one.eml'))).mode & 0o777).toBe(0o600);
    expect((await stat(inner)).mode & 0o777).toBe(0o700);
    expect(await readFile(join(inner, 'one.eml'), 'utf8')).toContain('To: ada@example.com\r\n');
  } finally {
    await rm(directory, { recursive: true });
  }
});

it('B5: leaves nothing behind of a mail that cannot be written whole', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-mail-'));
  try {
    // A directory stands in the place of the file, so that the file is written and cannot be renamed.
    await mkdir(join(directory, 'one.eml', 'inner'), { recursive: true });
    await expect(createFileMailSender(directory).send(MAIL, 'one')).rejects.toThrow(
      /EISDIR|ENOTEMPTY|EEXIST/,
    );
    expect(await readdir(directory)).toEqual(['one.eml']);
  } finally {
    await rm(directory, { recursive: true });
  }
});

it('lets no address add a header', () => {
  const eml = toEml({ ...MAIL, to: 'ada@example.com\r\nBcc: eve@example.com' }, 'one');
  expect(eml).not.toMatch(/^Bcc:/m);
  expect(eml.split('\r\n\r\n')[1]).toBe('one\r\ntwo\r\n');
});
