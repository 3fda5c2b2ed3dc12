/** A part of the code that holds a promise, and the tests that should fail when it breaks. */
export interface Room {
  readonly name: string;
  /** Globs of the sources that are changed, from the top of the checkout. */
  readonly sources: readonly string[];
  /**
   * Test filters in stages, fast ones first. A later stage runs only for what the earlier ones let through.
   */
  readonly stages: readonly (readonly string[])[];
}

/** The rooms that `npm run test:mutation` changes. */
export const ROOMS: readonly Room[] = [
  {
    name: 'client',
    sources: ['clients/user/**/*.ts'],
    stages: [['clients/user'], ['services/user-access/users', 'services/user-access/merges']],
  },
  {
    name: 'feed',
    sources: [
      'services/auth/feed/**/*.ts',
      'services/auth/postgres/feed/postgres-change-log.ts',
      'services/auth/users/reading/with-user-cache.ts',
    ],
    stages: [
      ['services/auth/feed', 'services/auth/users', 'services/auth/postgres/feed/snapshot-clock'],
      ['services/auth/service', 'services/auth/concurrent-writes'],
      ['services/e2e/replicas'],
    ],
  },
  {
    name: 'auth-statements',
    sources: ['services/auth/postgres/**/*.ts', 'services/auth/sign-in/postgres/**/*.ts'],
    stages: [
      ['services/auth/postgres', 'services/auth/concurrent-writes', 'services/auth/users'],
      ['services/auth'],
    ],
  },
  {
    name: 'interceptors',
    sources: ['services/runtime/rpc/interceptors/**/*.ts', 'services/runtime/callers/**/*.ts'],
    stages: [
      ['services/runtime/rpc', 'services/runtime/callers'],
      ['services/auth/callers', 'services/auth/tenants', 'services/auth/service'],
    ],
  },
  {
    name: 'sealing',
    sources: [
      'services/runtime/sealing/**/*.ts',
      'services/auth/postgres/{rows/contact-seal,rows/sealed-*,sealing/sealed-*}.ts',
      'services/auth/sign-in/postgres/sign-in-seal.ts',
    ],
    stages: [
      ['services/runtime/sealing', 'services/auth/postgres/sealing/sealed-places'],
      [
        'services/auth/keys',
        'services/auth/merges',
        'services/auth/erasure',
        'services/auth/sign-in/tokens/signing-key-rotator',
      ],
      ['services/auth/sign-in/sign-in-secrets', 'migrations/auth-data'],
    ],
  },
  {
    name: 'ledger',
    sources: ['services/billing/{ledger,webhooks}/**/*.ts'],
    stages: [
      ['services/billing/ledger', 'services/billing/webhooks'],
      ['services/billing/payments', 'services/billing/customers/subscribe', 'services/billing/reconcile'],
      ['services/billing'],
    ],
  },
];
