import type { Message } from '@bufbuild/protobuf';
import { AuthService } from '@rollcall/contract/auth';
import { type MergePlan, type User, UserAdminService, UserService, UserView } from '@rollcall/contract/user';
import { type AccessTable, accessFrom } from '@rollcall/runtime/callers';

/** The names of views in grants, least first. */
export const VIEWS = ['REFERENCE', 'BASIC', 'FULL'] as const;

const VIEW_NAMES: Readonly<Record<number, (typeof VIEWS)[number]>> = {
  [UserView.UNSPECIFIED]: 'REFERENCE',
  [UserView.REFERENCE]: 'REFERENCE',
  [UserView.BASIC]: 'BASIC',
};

const ofTenant = { tenants: (request: Message & { tenantId: string }) => [request.tenantId] };
const noIds = (): string[] => [];
const idOf = (request: { id: string }) => [request.id];
const idsOf = (...users: readonly (User | undefined)[]) => users.map((user) => user?.id ?? '');
const idsOfPlan = ({ plan }: { plan?: MergePlan | undefined }) => [
  plan?.survivorId ?? '',
  plan?.loserId ?? '',
];

/** A read whose request has a view: contact data is audited, names are not. */
const byView = {
  ...ofTenant,
  // A rule refuses unknown views; until then they count as the largest.
  view: (request: { view: UserView }) => VIEW_NAMES[request.view] ?? 'FULL',
  isAudited: (request: { view: UserView }) => request.view > UserView.REFERENCE,
};

/** A call that answers everything about the users that it names. */
const inFull = { ...ofTenant, view: () => 'FULL', isAudited: () => true };

/** A write that answers nothing of the user. */
const answersNothing = { ...ofTenant, view: () => undefined, isAudited: () => true };

const USER_SERVICE = {
  getUser: { ...byView, ids: idOf },
  batchGetUsers: { ...byView, ids: ({ ids }) => ids },
  // A lookup by address confirms the address, in every view.
  resolveUsers: {
    ...byView,
    isAudited: ({ view, keys }) => view > UserView.REFERENCE || keys.some(({ key }) => key.case === 'email'),
    ids: noIds,
    answeredIds: ({ outcomes }) =>
      outcomes.map(({ outcome }) => (outcome.case === 'user' ? outcome.value.id : '')),
  },
  // The answer has ids, versions and views, and no field of a user.
  watchUsers: {
    tenants: ({ tenantIds }) => tenantIds,
    view: () => undefined,
    isAudited: () => false,
    ids: noIds,
  },
} satisfies AccessTable<typeof UserService>;

/** Notes, timelines and external ids are as personal as a profile. */
const USER_ADMIN_SERVICE = {
  createUser: { ...inFull, ids: ({ userId }) => [userId], answeredIds: ({ user }) => idsOf(user) },
  updateUser: { ...inFull, ids: ({ user }) => idsOf(user) },
  deleteUser: { ...inFull, ids: idOf },
  undeleteUser: { ...inFull, ids: idOf },
  eraseUser: { ...inFull, ids: idOf, why: ({ reason }) => reason },
  // The answer has ids and times of erased users.
  getErasure: { ...ofTenant, view: () => undefined, isAudited: () => false, ids: idOf },
  listErasures: {
    // Only a grant for all tenants covers this: no tenant has that name.
    tenants: ({ tenantId }) => [tenantId || '*'],
    view: () => undefined,
    isAudited: () => false,
    ids: noIds,
  },
  reportErasure: { ...answersNothing, ids: idOf },
  listUsers: { ...byView, ids: noIds, answeredIds: ({ users }) => idsOf(...users) },
  // The query may be an address or a number.
  searchUsers: {
    ...byView,
    isAudited: () => true,
    ids: noIds,
    answeredIds: ({ matches }) => idsOf(...matches.map(({ user }) => user)),
  },
  listDuplicateCandidates: {
    ...inFull,
    ids: noIds,
    answeredIds: ({ candidates }) => candidates.flatMap(({ first, second }) => idsOf(first, second)),
  },
  previewMergeUsers: { ...inFull, ids: idsOfPlan },
  mergeUsers: { ...inFull, ids: idsOfPlan },
  unmergeUsers: {
    ...inFull,
    ids: noIds,
    answeredIds: ({ survivor, restored }) => idsOf(survivor, restored),
  },
  autoMergeDuplicates: {
    ...inFull,
    ids: noIds,
    answeredIds: ({ merges }) =>
      merges.flatMap(({ candidate }) => idsOf(candidate?.first, candidate?.second)),
  },
  linkExternalId: { ...inFull, ids: idOf },
  unlinkExternalId: { ...inFull, ids: idOf },
  listExternalIds: { ...inFull, ids: idOf },
  createNote: { ...inFull, ids: idOf },
  listNotes: { ...inFull, ids: idOf },
  deleteNote: { ...answersNothing, ids: idOf },
  modifyTags: { ...inFull, ids: idOf },
  recordActivity: { ...answersNothing, ids: idOf },
  listTimeline: { ...inFull, ids: idOf },
  recordStatistics: { ...inFull, ids: idOf },
} satisfies AccessTable<typeof UserAdminService>;

/**
 * A call that takes a secret and answers nothing of a profile. A caller with this grant lets people sign in.
 */
const unauthenticated = { ...ofTenant, view: () => undefined, isAudited: () => true, ids: noIds };
/** A call whose access token has the tenant. */
const signedIn = { ...unauthenticated, tenants: noIds };

/** The timeline of a user shows whether a sign-in succeeded. */
const AUTH_SERVICE = {
  register: unauthenticated,
  signIn: unauthenticated,
  refreshSession: unauthenticated,
  signOut: unauthenticated,
  changePassword: signedIn,
  requestPasswordReset: unauthenticated,
  resetPassword: unauthenticated,
  requestEmailVerification: signedIn,
  verifyEmail: unauthenticated,
  getSigningKeys: { ...signedIn, isAudited: () => false },
} satisfies AccessTable<typeof AuthService>;

const TABLES = [
  [UserService, USER_SERVICE],
  [AuthService, AUTH_SERVICE],
  [UserAdminService, USER_ADMIN_SERVICE],
] as const;

/** Finds what a call touches: tenants, view, users, and whether it is audited. */
export const accessOf = accessFrom(TABLES);

/** Every method that can be granted. */
export const METHODS: readonly { readonly service: string; readonly method: string }[] = TABLES.flatMap(
  ([service]) => service.methods.map(({ name }) => ({ service: service.typeName, method: name })),
);
