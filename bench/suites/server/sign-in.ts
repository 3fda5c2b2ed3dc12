import { argon2, randomBytes, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { AuthService } from '@rollcall/contract/auth';
import { UserAdminService } from '@rollcall/contract/user';
import { createServiceClient } from '@rollcall/transport';
import pg from 'pg';
import type { BenchCase } from '../../harness/bench-case.ts';
import { compare, perSecond } from '../../harness/compare.ts';
import type { World } from '../../world/world.ts';

// The default of AUTH_PASSWORD_CONCURRENCY.
const CONCURRENCY = 2;
// More than are hashed at once, so that one is always waiting.
const CALLERS = 8;
const SIGN_INS = 160;
// Sign-ins of each side before the rounds, until the code is compiled. As warm-ups of `compare` they would
// use up its time.
const WARM_UP_SIGN_INS = 800;
const PASSWORD = 'correct horse battery';
// OWASP ASVS 5. The service uses equal ones.
const ARGON2ID = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 };

const derive = promisify(argon2);

/** Cost of signing in, beside the hash of the password. */
export const signIn: BenchCase = {
  name: 'sign-in',
  doc: `SignIn by ${CALLERS} callers over gRPC, against crypto.argon2 of the same parameters, ${CONCURRENCY} at once as in the service`,
  async run({ world, rounds }) {
    const { address } = await world.auth();
    const emails = await seedSignIns(world, address);
    const { tenantId } = world;
    const auth = createServiceClient(AuthService, { address, defaultTimeoutMs: 10_000 });
    const playOurs = (count: number) =>
      repeat(count, CALLERS, async (caller) => {
        const { session } = await auth.signIn({
          tenantId,
          email: emails[caller] ?? '',
          password: PASSWORD,
        });
        if (!session?.refreshToken) throw new Error('a sign-in returned no session');
      });
    const playPeer = (count: number) =>
      repeat(count, CONCURRENCY, async () => void (await hash(randomBytes(16))));
    try {
      await playOurs(WARM_UP_SIGN_INS);
      await playPeer(WARM_UP_SIGN_INS);
      return await compare({
        ours: { name: 'SignIn', measure: () => perSecond(SIGN_INS, () => playOurs(SIGN_INS)) },
        peers: [{ name: 'crypto.argon2', measure: () => perSecond(SIGN_INS, () => playPeer(SIGN_INS)) }],
        unit: 'sign-ins/s',
        target: { of: 'ratio', bound: 'at least', figure: 0.9 },
        rounds,
        warmUps: 0,
      });
    } finally {
      auth.close();
    }
  },
};

/** Runs `work` `count` times, `atOnce` of them at the same time. */
async function repeat(count: number, atOnce: number, work: (worker: number) => Promise<void>): Promise<void> {
  let left = count;
  const go = async (_: unknown, worker: number) => {
    while (left-- > 0) await work(worker);
  };
  await Promise.all(Array.from({ length: atOnce }, go));
}

function hash(salt: Buffer): Promise<Buffer> {
  return derive('argon2id', { ...ARGON2ID, message: Buffer.from(PASSWORD), nonce: salt });
}

/** Creates a user with a password for each caller. Returns their e-mail addresses. */
async function seedSignIns(world: World, address: string): Promise<string[]> {
  const admin = createServiceClient(UserAdminService, { address, defaultTimeoutMs: 10_000 });
  const client = new pg.Client({ connectionString: (await world.postgres()).databaseUrl('auth') });
  await client.connect();
  try {
    const phc = await toPhc();
    const emails: string[] = [];
    for (let i = 0; i < CALLERS; i++) emails.push(await seedSignIn(world.tenantId, { admin, client, phc }));
    return emails;
  } finally {
    admin.close();
    await client.end();
  }
}

async function seedSignIn(
  tenantId: string,
  { admin, client, phc }: { admin: Pick<AdminClient, 'createUser'>; client: pg.Client; phc: string },
): Promise<string> {
  const email = `${randomUUID()}@example.com`;
  const { user } = await admin.createUser({ tenantId, user: { email, firstName: 'Guest' } });
  const insert = 'insert into credentials (tenant_id, user_id, password_hash) values ($1, $2, $3)';
  await client.query(insert, [tenantId, user?.id, phc]);
  return email;
}

type AdminClient = ReturnType<typeof createServiceClient<typeof UserAdminService>>;

async function toPhc(): Promise<string> {
  const salt = randomBytes(16);
  const encode = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
  return `$argon2id$v=19$m=${ARGON2ID.memory},t=${ARGON2ID.passes},p=1$${encode(salt)}$${encode(await hash(salt))}`;
}
