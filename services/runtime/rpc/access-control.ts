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

/** Who may call, and where it is written down. */
export interface AccessControl {
  readonly accessOf: AccessOf;
  readonly audit: AuditLog;
  /** How callers are known and what each may do; undefined: everybody is `local` and may do everything, on loopback alone. */
  readonly guarded?: Guarded | undefined;
}

/** How callers are known, and what each may do. */
export interface Guarded {
  /** Undefined: plaintext, on loopback alone. */
  readonly tls: Watched<TlsMaterial> | undefined;
  /** Undefined: a caller is known by its certificate alone. */
  readonly tokens: TokenVerifier | undefined;
  readonly grants: Grants;
}

/** Throws where a method is served that cannot be judged by its request, or of which nobody has said what it touches. */
export function requireAccess(routes: readonly Route[], accessOf: AccessOf): void {
  for (const { method } of routes) {
    if (isPublicMethod(method)) continue;
    if (!accessOf(method))
      throw new Error(`${methodPath(method)} is served, but no access table says what it touches.`);
    if (method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming')
      throw new Error(`${methodPath(method)} has many requests, and is judged by its first one only.`);
  }
}

const OPEN: ReadonlySet<string> = new Set(
  [Health, ServerReflection, ServerReflectionV1Alpha].map(({ typeName }) => typeName),
);

/** Whether everybody may call a method, known or not: health and reflection, which tell nothing of a user. */
export function isPublicMethod(method: DescMethod): boolean {
  return OPEN.has(method.parent.typeName);
}
