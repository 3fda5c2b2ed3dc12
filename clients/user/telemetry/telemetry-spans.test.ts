import { randomUUID } from 'node:crypto';
import { Code, ConnectError, createClient, createRouterTransport } from '@connectrpc/connect';
import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { UserService } from '@rollcall/contract/user';
import { type GrpcTestServer, startGrpcTestServer } from '@rollcall/transport/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUserClient, type UserClientOptions } from '../index.ts';
import { MapUserService, refusal } from '../testing/map-user-service.ts';
import { openSpans, TestContextManager, TRACEPARENT } from './telemetry.test-support.ts';
import { withCallTelemetry } from './with-call-telemetry.ts';

const [ANN, BEN] = [randomUUID(), randomUUID()] as const;

let opened: AsyncDisposableStack;
let spans: ReturnType<typeof openSpans>;
let service: MapUserService;
let server: GrpcTestServer;
let received: Headers[];

beforeEach(async () => {
  opened = new AsyncDisposableStack();
  spans = opened.use(openSpans());
  service = new MapUserService();
  received = [];
  server = opened.use(
    await startGrpcTestServer(UserService, {
      batchGetUsers: (request, { requestHeader }) => {
        received.push(requestHeader);
        return service.batchGetUsers(request);
      },
      resolveUsers: (request) => service.resolveUsers(request),
    }),
  );
  service.put('acme', ANN, { email: 'ann@example.com' });
  service.put('acme', BEN);
});
afterEach(() => opened.disposeAsync());

function open(options: Partial<UserClientOptions> = {}) {
  return opened.use(createUserClient({ address: server.address, tenantId: 'acme', ...options }));
}

/** Registers as an SDK does at the start of a process. */
function register(): void {
  trace.setGlobalTracerProvider(spans.provider);
  propagation.setGlobalPropagator(TRACEPARENT);
  context.setGlobalContextManager(new TestContextManager());
  opened.defer(() => {
    trace.disable();
    propagation.disable();
    context.disable();
  });
}

/** Runs the work in a span of that name. */
async function inSpan<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const span = trace.getTracer('test').startSpan(name);
  try {
    return await context.with(trace.setSpan(context.active(), span), work);
  } finally {
    span.end();
  }
}

describe('a call', () => {
  it('is a client span by the conventions of OpenTelemetry', async () => {
    const users = open({ telemetry: { tracerProvider: spans.provider } });
    await users.lookupMany([ANN, BEN]);
    const [span] = spans.ended();
    expect(span).toMatchObject({
      name: 'rollcall.user.v1.UserService/BatchGetUsers',
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.UNSET },
      instrumentationScope: { name: '@rollcall/user-client' },
    });
    expect(span?.attributes).toEqual({
      'rpc.system.name': 'grpc',
      'rpc.method': 'rollcall.user.v1.UserService/BatchGetUsers',
      'rpc.response.status_code': 'OK',
      'server.address': '127.0.0.1',
      'server.port': server.port,
      'rollcall.tenant.id': 'acme',
      'rollcall.user.view': 'REFERENCE',
      'rollcall.user_client.batch.size': 2,
    });
    await users.lookupMany([ANN, BEN]);
    expect(spans.ended()).toHaveLength(1);
  });

  it.each([
    [new ConnectError('away', Code.DeadlineExceeded), 'DEADLINE_EXCEEDED', undefined],
    [new ConnectError('gone', Code.Canceled), 'CANCELLED', undefined],
    [refusal(Code.Unavailable, 'DRAINING', 'ends'), 'UNAVAILABLE', 'DRAINING'],
  ])('that fails with %s says so', async (fault, status, reason) => {
    service.fault = fault;
    await open({ telemetry: { tracerProvider: spans.provider } })
      .lookup(ANN)
      .catch(() => {});
    const [span] = spans.ended();
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(span?.attributes).toMatchObject({ 'rpc.response.status_code': status, 'error.type': status });
    expect(span?.attributes['rollcall.error.reason']).toBe(reason);
  });

  it('names no id, name or address of a user, however it ends', async () => {
    const users = open({ telemetry: { tracerProvider: spans.provider } });
    await users.resolve({ email: 'ann@example.com' });
    service.fault = refusal(Code.NotFound, 'USER_NOT_FOUND', `no user ${ANN} with ann@example.com`);
    await users.lookup(BEN).catch(() => {});
    const recorded = spans.ended().map(({ name, attributes, events, status, links }) => ({
      name,
      attributes,
      events,
      status,
      links,
    }));
    expect(recorded.map(({ name }) => name.split('/')[1])).toEqual(['ResolveUsers', 'BatchGetUsers']);
    expect(JSON.stringify(recorded)).not.toMatch(new RegExp(`${ANN}|${BEN}|ann@`));
  });

  it('names no system and no server over a given transport', async () => {
    const transport = createRouterTransport((router) => router.service(UserService, service));
    const users = opened.use(
      createUserClient({ transport, tenantId: 'acme', telemetry: { tracerProvider: spans.provider } }),
    );
    await users.lookup(ANN);
    const names = Object.keys(spans.ended()[0]?.attributes ?? {});
    expect(names).toContain('rpc.method');
    expect(names.filter((name) => /^(server|rpc\.system)/.test(name))).toEqual([]);
  });
});

describe('a stream', () => {
  it('is not recorded, because it lives for days', async () => {
    const wire = createRouterTransport((router) =>
      router.service(UserService, {
        async *watchUsers() {
          yield {};
          yield {};
        },
      }),
    );
    const transport = withCallTelemetry(wire, {
      tracer: spans.provider.getTracer('test'),
      metrics: undefined,
      attributes: {},
    });
    const stream = createClient(UserService, transport).watchUsers({ tenantIds: ['acme'] });
    expect(await Array.fromAsync(stream)).toHaveLength(2);
    expect(spans.ended()).toEqual([]);
  });
});

describe('a trace', () => {
  it('goes on from the caller through the client to the service', async () => {
    register();
    await inSpan('page', () => open().lookup(ANN));
    const [call, page] = spans.ended();
    expect(call?.parentSpanContext?.spanId).toBe(page?.spanContext().spanId);
    const { traceId, spanId } = call?.spanContext() ?? {};
    expect(received[0]?.get('traceparent')).toBe(`00-${traceId}-${spanId}-01`);
  });

  it('of a batch is that of its first caller', async () => {
    register();
    const users = open();
    await Promise.all([inSpan('first', () => users.lookup(ANN)), inSpan('second', () => users.lookup(BEN))]);
    const call = spans.ended().find(({ kind }) => kind === SpanKind.CLIENT);
    const first = spans.ended().find(({ name }) => name === 'first');
    expect(received).toHaveLength(1);
    expect(call?.parentSpanContext?.spanId).toBe(first?.spanContext().spanId);
  });

  it('is active during the call, and joins the headers of interceptors', async () => {
    register();
    let active: string | undefined;
    const users = open({
      interceptors: [
        (next) => (request) => {
          // The stream of changes has no span.
          if (!request.stream) active = trace.getActiveSpan()?.spanContext().spanId;
          request.header.set('x-request-id', 'r-1');
          return next(request);
        },
      ],
    });
    await users.lookup(ANN);
    expect(received[0]?.get('x-request-id')).toBe('r-1');
    expect(received[0]?.get('traceparent')).toContain(`-${active}-`);
  });

  it('starts once an SDK is registered, also after the client was created', async () => {
    const users = open();
    await users.lookup(ANN);
    expect(received[0]?.has('traceparent')).toBe(false);
    register();
    await users.lookup(BEN);
    expect(spans.ended()).toHaveLength(1);
    expect(received[1]?.has('traceparent')).toBe(true);
  });

  it('is neither made nor propagated where telemetry is off', async () => {
    register();
    await inSpan('page', () => open({ telemetry: false }).lookup(ANN));
    expect(spans.ended().map(({ name }) => name)).toEqual(['page']);
    expect(received[0]?.has('traceparent')).toBe(false);
  });
});

describe('without an SDK', () => {
  it('reads work as ever, and send nothing more', async () => {
    expect(context.active()).toBe(ROOT_CONTEXT);
    const users = open();
    expect(await users.lookup(ANN)).toMatchObject({ outcome: 'found', source: 'service' });
    const mute = open({ telemetry: false });
    expect(await mute.lookup(ANN)).toMatchObject({ outcome: 'found', source: 'service' });
    const [traced, muted] = received.map((headers) => [...headers.keys()].sort());
    expect(traced).toEqual(muted);
    service.fault = new ConnectError('away', Code.Unavailable);
    expect(await users.lookup(BEN)).toMatchObject({ outcome: 'unavailable' });
  });
});
