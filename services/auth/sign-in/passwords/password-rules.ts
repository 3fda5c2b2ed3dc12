import { foldCase, visibleText } from '@rollcall/contract/text';
import { PeopleError } from '../sign-in-error.ts';
import { isCommonPassword } from './common-passwords.ts';

/**
 * Refuses a new password that is tried first by whoever guesses: a common one, or the person's own address or its first part.
 * Lengths stand in the proto file; of what characters it is made is nobody's business (NIST SP 800-63B-4, section 3.1.1.2).
 * @throws PeopleError PASSWORD_TOO_COMMON
 */
export function requireGoodPassword(password: string, email: string): void {
  const [lower, address] = [password, email].map((text) => foldCase(visibleText(text).normalize('NFKC')));
  const isOwn = Boolean(address) && (lower === address || lower === address?.split('@', 1)[0]);
  if (!isOwn && !isCommonPassword(password)) return;
  throw new PeopleError(
    'PASSWORD_TOO_COMMON',
    'This password is among the first that are guessed; choose another one, such as a few unrelated words.',
  );
}
