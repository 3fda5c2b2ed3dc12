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
import { createActivityHandlers, createStatisticsHandlers } from './fake/reports.ts';
import { createSearchHandlers } from './fake/search.ts';
import { createNoteHandlers, createTimelineHandlers } from './fake/timeline.ts';
import { createFakeUsers, type FakeUsers } from './fake/users.ts';
import { createWatchHandlers } from './fake/watch.ts';
import { createWriteHandlers } from './fake/writes.ts';

export type { FakeBackup, UserFields } from './fake/model/user-store.ts';
export type { FakeUsers } from './fake/users.ts';

/** A user service in memory, for tests of its callers. Disposing it ends open calls and streams. */
export interface FakeUserService extends AsyncDisposable {
  /**
   * The transport for `createUserClient({ transport: fake.transport, … })` and `createUserAdminClient`. It
   * needs no port.
   */
  readonly transport: Transport;
  readonly users: FakeUsers;
  /** Requests of a method, oldest first: `fake.requests(UserService.method.batchGetUsers)`. */
  requests<M extends DescMethod>(method: M): MessageShape<M['input']>[];
  /** Delays each response. Milliseconds; 0 removes the delay. */
  slow(ms: number): void;
  /** Leaves all calls without a response. */
  silent(): void;
  /**
   * Fails all calls.
   * @param code default INTERNAL
   */
  fail(code?: Code): void;
  /** Goes down: calls fail with UNAVAILABLE, and streams and connections break. */
  down(): void;
  /**
   * Answers `up` calls, fails the next `down` calls with UNAVAILABLE, and repeats that. Default: one each.
   */
  flapping(turns?: { readonly up?: number; readonly down?: number }): void;
  /** Freezes reads at the present users, as a replica that lags. Writes and the change feed go on. */
  stale(): void;
  /** Ends all of the faults above. A server that went down listens on its port again. */
  up(): Promise<void>;
  /** Breaks all open streams, once. */
  cutStreams(): void;
  /** Expires all cursors so far. Open streams go on. */
  expireCursors(): void;
  /**
   * Replaces the users with those of the backup, as after a restore, or a failover that lost the last writes.
   * Streams end with CURSOR_EXPIRED, cursors are refused, and checkpoints name a new feed.
   */
  restore(backup: FakeBackup): void;
  /** Returns the present users, for `restore`. Nothing else is in it. */
  backUp(): FakeBackup;
  /** Listens for gRPC on a port of 127.0.0.1 as well, for other processes. Returns the address. */
  listen(): Promise<{ readonly address: string }>;
}

/**
 * Creates a user service without users. It implements the contract of UserService and UserAdminService;
 * ListDuplicateCandidates and AutoMergeDuplicates answer UNIMPLEMENTED. It has no sign-in, so a timeline
 * shows none.
 * @throws Error when `@bufbuild/protovalidate` is not installed
 */
export function createFakeUserService(): FakeUserService {
  requireValidator();
  const store = new UserStore();
  const faults = new Faults();
  const runOnce = createRunOnce();
  const writeOnce = createWriteOnce(store, runOnce);
  const received: ReceivedCall[] = [];
  const guards = { faults, received };
  const users = interceptService(
    UserService,
    { ...createReadHandlers(store), ...createWatchHandlers(store, faults) },
    guards,
  );
  const admin = interceptService(
    UserAdminService,
    {
      ...createWriteHandlers(store, writeOnce),
      ...createLifecycleHandlers(store, writeOnce),
      ...createExternalIdHandlers(store, writeOnce),
      ...createListHandlers(store),
      ...createSearchHandlers(store),
      ...createMergeHandlers(store, runOnce),
      ...createNoteHandlers(store, runOnce),
      ...createActivityHandlers(store, runOnce),
      ...createTimelineHandlers(store),
      ...createStatisticsHandlers(store, writeOnce),
    },
    guards,
  );
  let server: GrpcTestServer | undefined;
  const others = [createServiceImplSpec(UserAdminService, admin)];
  const serve = (port = 0) => startGrpcTestServer(UserService, users, { port, others });

  const down = () => {
    faults.fault = serviceDown;
    faults.cutStreams();
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
      faults.latencyMs = ms;
    },
    silent: () => {
      faults.isSilent = true;
    },
    fail: (code = Code.Internal) => {
      faults.fault = () => new ConnectError('the fake user service was told to fail', code);
    },
    down,
    flapping: (turns) => {
      faults.fault = flappingFault(turns);
    },
    stale: () => store.freezeReads(),
    up: async () => {
      faults.clear();
      store.unfreezeReads();
      if (server === undefined) return;
      server.kill();
      server = await serve(server.port);
    },
    cutStreams: () => faults.cutStreams(),
    expireCursors: () => store.changes.expireCursors(),
    backUp: () => store.backUp(),
    restore: (backup) => store.restore(backup),
    listen: async () => {
      server ??= await serve();
      return { address: server.address };
    },
    [Symbol.asyncDispose]: async () => {
      faults.end();
      server?.kill();
    },
  };
}

// Streams do not count as calls.
function flappingFault({
  up = 1,
  down = 1,
}: {
  up?: number;
  down?: number;
} = {}): (isStream: boolean) => ConnectError | undefined {
  let calls = 0;
  return (isStream) => (isStream || calls++ % (up + down) < up ? undefined : serviceDown());
}
