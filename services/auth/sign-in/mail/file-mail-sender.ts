import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mail, MailSender } from './mail.ts';

/**
 * Writes each mail into a directory as a file that mail programs open (RFC 5322): a sender for development.
 * Only their owner can read the files, because they contain tokens.
 */
export function createFileMailSender(directory: string): MailSender {
  return {
    async send(mail, id) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const path = join(directory, `${id}.eml`);
      const draft = `${path}.draft`;
      try {
        await writeFile(draft, toEml(mail, id), { mode: 0o600 });
        // Whole or not at all: other programs watch the directory.
        await rename(draft, path);
      } catch (error) {
        // A full disk took a part of the draft.
        await rm(draft, { force: true });
        throw error;
      }
    },
  };
}

/** Formats a mail as a message of RFC 5322. */
export function toEml({ to, subject, text }: Mail, id: string): string {
  const headers = [
    'From: Rollcall <no-reply@rollcall.invalid>',
    `To: ${headerText(to)}`,
    `Subject: ${headerText(subject)}`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${id}@rollcall.invalid>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
  ];
  return `${headers.join('\r\n')}\r\n\r\n${text.replaceAll(/\r?\n/g, '\r\n')}`;
}

// A line break in an address would begin another header.
function headerText(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ');
}
