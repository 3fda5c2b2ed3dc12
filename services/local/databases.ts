/** The services that own a database, in the order in which they start. Each names its role and its database alike. */
export const DATABASES = ['auth', 'booking'] as const;
