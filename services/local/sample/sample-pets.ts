import { UserRole } from '@rollcall/contract/user';
import { SAMPLE_TENANT, type SampleUser, seededRandom, uuidV7 } from './sample-users.ts';

const SEED = 20_260_215;
const FIRST_TIME = Date.UTC(2026, 1, 15, 8);
const MINUTE_MS = 60_000;
/** Every so many customers have a pet. */
const OWNER_EVERY = 4;
const NAMES = ['Biscuit', 'Luna', 'Pepper', 'Mochi', 'Olive', 'Bandit', 'Clover', 'Ziggy'] as const;
const KINDS = [
  { species: 'dog', breed: 'Beagle' },
  { species: 'dog', breed: '' },
  { species: 'cat', breed: 'Siamese' },
  { species: 'cat', breed: '' },
  { species: 'rabbit', breed: 'Lop' },
] as const;

/** Returns the requests that create the pets. Equal in every run. @param users of `sampleUsers` */
export function samplePets(users: readonly SampleUser[]) {
  const random = seededRandom(SEED);
  const customers = users.filter(({ user }) => user.role === UserRole.CUSTOMER);
  return customers
    .filter((_, index) => index % OWNER_EVERY === 0)
    .map(({ userId }, index) => ({
      tenantId: SAMPLE_TENANT,
      requestId: uuidV7(random, FIRST_TIME + index * MINUTE_MS),
      pet: {
        userId,
        name: random.pick(NAMES),
        ...random.pick(KINDS),
        birthDate: `${2012 + random.below(13)}-0${1 + random.below(9)}-1${random.below(10)}`,
        careNotes: random.below(3) === 0 ? 'Shy at first.' : '',
      },
    }));
}
