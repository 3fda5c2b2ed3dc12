import { argon2Sync, randomBytes, timingSafeEqual } from 'node:crypto';

/** The cost of a hash. */
export interface Argon2Parameters {
  readonly memoryKib: number;
  readonly passes: number;
  readonly parallelism: number;
}

/**
 * The parameters of OWASP's ASVS 5:
 * https://github.com/OWASP/ASVS/blob/v5.0.0/5.0/en/0x92-Appendix-C_Cryptography.md
 */
export const ASVS_PARAMETERS: Argon2Parameters = { memoryKib: 19_456, passes: 2, parallelism: 1 };

// Both are recommended by RFC 9106, section 3.1.
const SALT_BYTES = 16;
const TAG_BYTES = 32;

// A stored hash must not make this process use all memory or time.
const LIMITS: Argon2Parameters = { memoryKib: 262_144, passes: 16, parallelism: 16 };

interface Parsed {
  readonly parameters: Argon2Parameters;
  readonly salt: Buffer;
  readonly tag: Buffer;
}

/**
 * Hashes a password with Argon2id under a new salt. Answers a PHC string:
 * `$argon2id$v=19$m=19456,t=2,p=1$salt$tag`. Blocks its thread, as `verifyArgon2id` does: a thread that
 * serves calls uses a PasswordHasher.
 */
export function hashArgon2id(password: string, parameters: Argon2Parameters = ASVS_PARAMETERS): string {
  const salt = randomBytes(SALT_BYTES);
  const tag = compute(password, { parameters, salt, tagBytes: TAG_BYTES });
  const { memoryKib, passes, parallelism } = parameters;
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${parallelism}$${encode(salt)}$${encode(tag)}`;
}

/**
 * Whether a PHC string was made of this password.
 * @throws Error when the text is no Argon2id string, or costs more than the limits
 */
export function verifyArgon2id(phc: string, password: string): boolean {
  const { parameters, salt, tag } = parse(phc);
  return timingSafeEqual(tag, compute(password, { parameters, salt, tagBytes: tag.length }));
}

/** Whether a PHC string was made with other parameters, and should be replaced. */
export function isOutdated(phc: string, parameters: Argon2Parameters = ASVS_PARAMETERS): boolean {
  const { memoryKib, passes, parallelism } = parse(phc).parameters;
  return (
    memoryKib !== parameters.memoryKib ||
    passes !== parameters.passes ||
    parallelism !== parameters.parallelism
  );
}

function compute(
  password: string,
  { parameters, salt, tagBytes }: { parameters: Argon2Parameters; salt: Buffer; tagBytes: number },
): Buffer {
  return argon2Sync('argon2id', {
    // Keyboards send one password in several forms: NIST SP 800-63B-4, section 3.1.1.2.
    message: Buffer.from(password.normalize('NFKC')),
    nonce: salt,
    memory: parameters.memoryKib,
    passes: parameters.passes,
    parallelism: parameters.parallelism,
    tagLength: tagBytes,
  });
}

// Messages never contain the string.
function parse(phc: string): Parsed {
  const match =
    /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]{11,64})\$([A-Za-z0-9+/]{22,128})$/.exec(phc);
  if (!match) throw new Error('A stored password is no Argon2id string.');
  const [, m, t, p, salt = '', tag = ''] = match;
  const parameters = { memoryKib: Number(m), passes: Number(t), parallelism: Number(p) };
  const { memoryKib, passes, parallelism } = parameters;
  if (memoryKib > LIMITS.memoryKib || passes > LIMITS.passes || parallelism > LIMITS.parallelism) {
    throw new Error('A stored password asks for more memory or time than it may.');
  }
  return { parameters, salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') };
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
