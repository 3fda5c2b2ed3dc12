import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  type AuthService,
  ChangePasswordResponseSchema,
  GetSigningKeysResponseSchema,
  RefreshSessionResponseSchema,
  RegisterResponseSchema,
  RequestEmailVerificationResponseSchema,
  RequestPasswordResetResponseSchema,
  ResetPasswordResponseSchema,
  type Session,
  SessionSchema,
  SignInResponseSchema,
  SignOutResponseSchema,
  VerifyEmailResponseSchema,
} from '@rollcall/contract/auth';
import { trimText } from '@rollcall/contract/text';
import { type Call, type Implementation, requireStorable } from '@rollcall/runtime/rpc';
import { changePassword, requestPasswordReset, resetPassword } from '../sign-in/passwords/change-password.ts';
import { register, requestEmailVerification, verifyEmail } from '../sign-in/registration.ts';
import { type OpenSession, refreshSession, signOut } from '../sign-in/session.ts';
import { signIn } from '../sign-in/sign-in.ts';
import type { SignInContext } from '../sign-in/sign-in-context.ts';
import type { SigningKeyRotator } from '../sign-in/tokens/signing-key-rotator.ts';

/** Implements AuthService. */
export function authServiceImplementation(
  people: SignInContext,
  keys: Pick<SigningKeyRotator, 'publishedKeys'>,
): Implementation<typeof AuthService> {
  return {
    async register(request, call) {
      requireStorable('email', request.email);
      requireStorable('first_name', request.firstName);
      requireStorable('last_name', request.lastName);
      const names = { firstName: trimText(request.firstName), lastName: trimText(request.lastName) };
      await register(people, { ...request, ...names, source: sourceOf(request, call) });
      return create(RegisterResponseSchema);
    },
    async signIn(request, call) {
      const session = await signIn(people, { ...request, source: sourceOf(request, call) });
      return create(SignInResponseSchema, { session: toSessionMessage(session) });
    },
    async refreshSession(request) {
      const session = await refreshSession(people, request);
      return create(RefreshSessionResponseSchema, { session: toSessionMessage(session) });
    },
    async signOut(request) {
      await signOut(people, request);
      return create(SignOutResponseSchema);
    },
    async changePassword(request, call) {
      await changePassword(people, { ...request, source: sourceOf(request, call) });
      return create(ChangePasswordResponseSchema);
    },
    async requestPasswordReset(request, call) {
      requireStorable('email', request.email);
      await requestPasswordReset(people, { ...request, source: sourceOf(request, call) });
      return create(RequestPasswordResetResponseSchema);
    },
    async resetPassword(request) {
      await resetPassword(people, request);
      return create(ResetPasswordResponseSchema);
    },
    async requestEmailVerification(request) {
      const isSent = await requestEmailVerification(people, request);
      return create(RequestEmailVerificationResponseSchema, { nothingToVerify: !isSent });
    },
    async verifyEmail(request) {
      return create(VerifyEmailResponseSchema, { userId: await verifyEmail(people, request) });
    },
    async getSigningKeys() {
      const shown = keys.publishedKeys().map(({ id, publicKey, activateTime }) => ({
        keyId: id,
        x: publicKey.toString('base64url'),
        activateTime: timestampFromDate(activateTime),
      }));
      return create(GetSigningKeysResponseSchema, { keys: shown });
    },
  };
}

// The peer of a call is `host:port`.
function sourceOf({ sourceAddress }: { sourceAddress: string }, call: Call): string {
  return sourceAddress || call.peer.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

function toSessionMessage(session: OpenSession): Session {
  return create(SessionSchema, {
    sessionId: session.sessionId,
    userId: session.userId,
    accessToken: session.accessToken,
    accessTokenExpireTime: timestampFromDate(session.accessTokenExpireTime),
    refreshToken: session.refreshToken,
    sessionExpireTime: timestampFromDate(session.sessionExpireTime),
    emailVerified: session.isEmailVerified,
  });
}
