import type { DescMethod, MessageShape } from '@bufbuild/protobuf';
import {
  Code,
  ConnectError,
  createRouterTransport,
  createServiceImplSpec,
  type Transport,
} from '@connectrpc/connect';
import { UserAdminService, UserService } from '@rollcall/contract/user';
import { type GrpcTestServer, startGrpcTestServer } from '@rollcall/transport/testing';
import { createExternalIdHandlers } from './fake/external-ids.ts';
import { Faults, serviceDown } from './fake/faults.ts';
import { createRunOnce, createWriteOnce } from './fake/idempotency.ts';
import { interceptService, type ReceivedCall, requireValidator } from './fake/interceptor.ts';
import { createLifecycleHandlers } from './fake/lifecycle.ts';
import { createListHandlers } from './fake/listing.ts';
import { createMergeHandlers } from './fake/merging.ts';
import { type FakeBackup, UserStore } from './fake/model/user-store.ts';
import { createReadHandlers } from './fake/reads.ts';
import { createStatisticsHandlers } from './fake/record-statistics.ts';
import { createSearchHandlers } from './fake/search.ts';
import { createActivityHandlers, createNoteHandlers, createTimelineHandlers } from './fake/timeline.ts';
import { createFakeUsers, type FakeUsers } from './fake/users.ts';
import { createWatchHandlers } from './fake/watch.ts';
import { createWriteHandlers } from './fake/writes.ts';

export type { FakeBackup, UserFields } from './fake/model/user-store.ts';
export type { FakeUsers } from './fake/users.ts';

/** A user service in memory, for tests of those who call one. Disposing it ends every call and stream that is open. */
export interface FakeUserService extends AsyncDisposable {
  /** Give it to the client: `createUserClient({ transport: fake.transport, … })`, `createUserAdminClient` too. Needs no port. */
  readonly transport: Transport;
  readonly users: FakeUsers;
  /** The requests of a method that arrived, oldest first: `fake.requests(UserService.method.batchGetUsers)`. */
  requests<M extends DescMethod>(method: M): MessageShape<M['input']>[];
  /** From now on every answer takes this many ms. 0: as fast as can be. */
  slow(ms: number): void;
  /** From now on calls arrive, and nothing ever comes back. */
  silent(): void;
  /** From now on every call fails: with the code given, as if by a fault inside where none is. */
  fail(code?: Code): void;
  /** From now on it is not there: calls fail with UNAVAILABLE, streams and connections break. */
  down(): void;
  /** From now on it answers so many calls, is down for so many, and so on. Default: one and one. */
  flapping(turns?: { readonly up?: number; readonly down?: number }): void;
  /** From now on readers see users as they are now, as from a replica that lags; writes and the change feed go on. */
  stale(): void;
  /** All of the above is over, and a server that went down listens again, where it did. */
  up(): Promise<void>;
  /** Breaks every stream that is open, once. */
  cutStreams(): void;
  /** No cursor handed out so far can be resumed from. Streams that are open go on. */
  expireCursors(): void;
  /**
   * The users are those of the backup, as after a backup was restored or a standby promoted that lacked the last writes.
   * Streams end with CURSOR_EXPIRED, cursors are refused, and checkpoints name another feed.
   */
  restore(backup: FakeBackup): void;
  /** What `restore` goes back to: the users as they are now. Nothing else is in it. */
  backUp(): FakeBackup;
  /**
   * Serves the same over gRPC on a port of 127.0.0.1 too, for processes and for what only takes an address. Answers that.
   */
  listen(): Promise<{ readonly address: string }>;
}

/**
 * Makes a user service without users. It keeps the same contract as the real one, in all of UserService, and in all of
 * UserAdminService but ListDuplicateCandidates and AutoMergeDuplicates, which it answers with UNIMPLEMENTED. Nobody signs in
 * here, so a timeline tells of no sign-in. Throws where `@bufbuild/protovalidate` is not installed.
 */
export function createFakeUserService(): FakeUserService {
  requireValidator();
  const store = new UserStore();
  const troubles = new Faults();
  const remember = createRunOnce();
  const once = createWriteOnce(store, remember);
  const received: ReceivedCall[] = [];
  const guards = { troubles, received };
  const users = interceptService(
    UserService,
    { ...createReadHandlers(store), ...createWatchHandlers(store, troubles) },
    guards,
  );
  const admin = interceptService(
    UserAdminService,
    {
      ...createWriteHandlers(store, once),
      ...createLifecycleHandlers(store, once),
      ...createExternalIdHandlers(store, once),
      ...createListHandlers(store),
      ...createSearchHandlers(store),
      ...createMergeHandlers(store, remember),
      ...createNoteHandlers(store, remember),
      ...createActivityHandlers(store, remember),
      ...createTimelineHandlers(store),
      ...createStatisticsHandlers(store, once),
    },
    guards,
  );
  let server: GrpcTestServer | undefined;
  const others = [createServiceImplSpec(UserAdminService, admin)];
  const serve = (port = 0) => startGrpcTestServer(UserService, users, { port, others });

  const down = () => {
    troubles.fault = serviceDown;
    troubles.cutStreams();
    server?.kill();
  };
  return {
    transport: createRouterTransport((router) => {
      router.service(UserService, users);
      router.service(UserAdminService, admin);
    }),
    users: createFakeUsers(store),
    requests: <M extends DescMethod>(method: M) =>
      received
        .filter((call) => call.method === (method as DescMethod))
        .map(({ request }) => request as MessageShape<M['input']>),
    slow: (ms) => {
      troubles.latencyMs = ms;
    },
    silent: () => {
      troubles.isSilent = true;
    },
    fail: (code = Code.Internal) => {
      troubles.fault = () => new ConnectError('the fake user service was told to fail', code);
    },
    down,
    flapping: (turns) => {
      troubles.fault = flaps(turns);
    },
    stale: () => store.freezeReads(),
    up: async () => {
      troubles.clear();
      store.unfreezeReads();
      if (server === undefined) return;
      server.kill();
      server = await serve(server.port);
    },
    cutStreams: () => troubles.cutStreams(),
    expireCursors: () => store.changes.expireCursors(),
    backUp: () => store.backUp(),
    restore: (backup) => store.restore(backup),
    listen: async () => {
      server ??= await serve();
      return { address: server.address };
    },
    [Symbol.asyncDispose]: async () => {
      troubles.end();
      server?.kill();
    },
  };
}

// A stream is no turn of anybody's.
function flaps({
  up = 1,
  down = 1,
}: {
  up?: number;
  down?: number;
} = {}): (isStream: boolean) => ConnectError | undefined {
  let calls = 0;
  return (isStream) => (isStream || calls++ % (up + down) < up ? undefined : serviceDown());
}
