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
      doc: 'gRPC address of the auth service: host:port, or several separated by commas.',
    }),
    usersSnapshotPath: optional(
      textSetting({
        variable: `${prefix}_USERS_SNAPSHOT_PATH`,
        doc: `File of cached users, so that the ${service} service shows names when it starts during an outage of the user service. Unset: no file.`,
      }),
    ),
    authCa: optional(
      textSetting({
        variable: `${prefix}_AUTH_CA_FILE`,
        doc: 'CA certificates of the auth service, PEM. Set: the auth service is called over TLS.',
      }),
    ),
    tlsCertificate: optional(
      textSetting({
        variable: `${prefix}_TLS_CERT_FILE`,
        doc: `Client certificate chain of the ${service} service, PEM.`,
      }),
    ),
    tlsKey: optional(
      textSetting({ variable: `${prefix}_TLS_KEY_FILE`, doc: 'Private key of the client certificate, PEM.' }),
    ),
    callerKey: optional(
      textSetting({
        variable: `${prefix}_CALLER_KEY_FILE`,
        doc: `Private key with which the ${service} service signs its service tokens.`,
      }),
    ),
    callerName: textSetting({
      variable: `${prefix}_CALLER`,
      default: service,
      doc: 'Caller name in the service tokens.',
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
