import { type ConfigOf, optional, textSetting } from '@rollcall/runtime';

/** The service that the settings belong to. */
export interface UserAccessOwner {
  /** Prefix of its variables: `VENDOR`. */
  readonly prefix: string;
  /** Its name in sentences, and its default caller name: `vendor`. */
  readonly service: string;
}

/**
 * The settings of a service that uses the user service, to spread into its own. `AUTH_ADDRESS` and
 * `AUTH_TOKEN_AUDIENCE` are shared by all services; the other variables begin with the prefix.
 */
export function userAccessSettings({ prefix, service }: UserAccessOwner) {
  return {
    authAddress: textSetting({
      variable: 'AUTH_ADDRESS',
      default: '127.0.0.1:50051',
      doc: 'Where a service asks about users by gRPC: host:port, or several separated by commas.',
    }),
    usersSnapshotPath: optional(
      textSetting({
        variable: `${prefix}_USERS_SNAPSHOT_PATH`,
        doc: `File in which the names of users outlive the ${service} process, for a start while the user service is away; unset: they do not.`,
      }),
    ),
    authCa: optional(
      textSetting({
        variable: `${prefix}_AUTH_CA_FILE`,
        doc: 'Authorities, PEM, that vouch for the auth service; set, it is called over TLS.',
      }),
    ),
    tlsCertificate: optional(
      textSetting({
        variable: `${prefix}_TLS_CERT_FILE`,
        doc: `Certificate chain, PEM, by which the auth service knows the ${service} service.`,
      }),
    ),
    tlsKey: optional(
      textSetting({ variable: `${prefix}_TLS_KEY_FILE`, doc: 'The private key that goes with it, PEM.' }),
    ),
    callerKey: optional(
      textSetting({
        variable: `${prefix}_CALLER_KEY_FILE`,
        doc: `Private key with which the ${service} service makes its own service tokens.`,
      }),
    ),
    callerName: textSetting({
      variable: `${prefix}_CALLER`,
      default: service,
      doc: 'Who those tokens say is asking.',
    }),
    tokenAudience: textSetting({
      variable: 'AUTH_TOKEN_AUDIENCE',
      default: 'auth',
      doc: 'Audience that a service token must be made for.',
    }),
  } as const;
}

/** The values of the settings. */
export type UserAccessConfig = ConfigOf<ReturnType<typeof userAccessSettings>>;
