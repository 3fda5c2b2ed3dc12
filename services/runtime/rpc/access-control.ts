import type { DescMethod } from '@bufbuild/protobuf';
import { Health } from '@rollcall/contract/health';
import { ServerReflection, ServerReflectionV1Alpha } from '@rollcall/contract/reflection';
import type { AuditLog } from '../callers/audit-log.ts';
import type { AccessOf, Grants } from '../callers/grants.ts';
import type { TokenVerifier } from '../callers/service-token.ts';
import type { TlsMaterial } from '../callers/tls-material.ts';
import type { Watched } from '../callers/watched-files.ts';
import { methodPath } from './call.ts';
import type { Route } from './route.ts';

/** How callers are identified, authorised and audited. */
export interface AccessControl {
  readonly accessOf: AccessOf;
  readonly audit: AuditLog;
  /** Undefined: every caller is `local` and may do everything, on loopback only. */
  readonly guarded?: Guarded | undefined;
}

/** How callers are identified, and what each may do. */
export interface Guarded {
  /** Undefined: plaintext, on loopback only. */
  readonly tls: Watched<TlsMaterial> | undefined;
  /** Undefined: certificates are the only way to identify a caller. */
  readonly tokens: TokenVerifier | undefined;
  readonly grants: Grants;
}

/**
 * Checks that every served method has an entry in an access table.
 * @throws Error naming a method without an entry, or with several requests, of which only the first could be
 * authorised
 */
export function requireAccess(routes: readonly Route[], accessOf: AccessOf): void {
  for (const { method } of routes) {
    if (isPublicMethod(method)) continue;
    if (!accessOf(method))
      throw new Error(`${methodPath(method)} is served, but no access table says what it touches.`);
    if (method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming')
      throw new Error(
        `${methodPath(method)} has many requests, of which only the first could be authorised.`,
      );
  }
}

const PUBLIC_SERVICES: ReadonlySet<string> = new Set(
  [Health, ServerReflection, ServerReflectionV1Alpha].map(({ typeName }) => typeName),
);

/**
 * Whether a method is open to every caller, identified or not: health and reflection, which reveal nothing
 * about users.
 */
export function isPublicMethod(method: DescMethod): boolean {
  return PUBLIC_SERVICES.has(method.parent.typeName);
}
