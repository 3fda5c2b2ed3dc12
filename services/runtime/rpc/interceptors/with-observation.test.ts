import { Code, ConnectError } from '@connectrpc/connect';
import { Health } from '@rollcall/contract/health';
import { describe, expect, it } from 'vitest';
import { LOCAL_CALLER } from '../../callers/caller-id.ts';
import { createLogger } from '../../log/logger.ts';
import type { Call } from '../call.ts';
import { RpcError, runtimeError } from '../errors.ts';
import { withObservation } from './with-observation.ts';

interface Observed {
  readonly error: ConnectError | undefined;
  readonly lines: Record<string, unknown>[];
  readonly codes: number[];
}

interface Situation {
  readonly method?: Call['method'];
  readonly caller?: string;
  readonly abortedBy?: unknown;
  readonly leftMs?: number;
}

const known = new Error('one of the service');
const KNOWN = new RpcError({ code: Code.NotFound, reason: 'USER_NOT_FOUND' }, 'No such user.');

/** Serves a call that throws `thrown`, or succeeds when it is undefined. */
async function observe(thrown: unknown, situation: Situation = {}): Promise<Observed> {
  const { method = Health.method.check, caller = '', abortedBy, leftMs } = situation;
  const lines: Record<string, unknown>[] = [];
  const codes: number[] = [];
  const stop = new AbortController();
  if ('abortedBy' in situation) stop.abort(abortedBy);
  const call = {
    ...{ method, caller, protocol: 'grpc', peer: '127.0.0.1:1', requestId: 'r1' },
    ...{ signal: stop.signal, timeoutMs: () => leftMs },
  } as unknown as Call;
  const observed = withObservation({
    logger: createLogger(
      { service: 'test', level: 'debug' },
      { write: (line) => lines.push(JSON.parse(line)) },
    ),
    metrics: { registry: undefined as never, observe: (_, code) => codes.push(code) },
    toRpcError: (error) => (error === known ? KNOWN : undefined),
  });
  const serve = observed(async () => {
    if (thrown !== undefined) throw thrown;
  }, method);
  const error = await serve(call).then(
    () => undefined,
    (reason: ConnectError) => reason,
  );
  return { error, lines, codes };
}

const rpcError = (code: Code, reason = 'SOME_REASON') => new RpcError({ code, reason }, 'no');
const { watch } = Health.method;

describe('the log line of a call', () => {
  it.each<[string, unknown, Situation, string]>([
    ['that went well', undefined, {}, 'debug'],
    ['that was shed', runtimeError('OVERLOADED', 'no'), {}, 'debug'],
    ['that its caller got wrong', rpcError(Code.InvalidArgument), {}, 'info'],
    ['that reached its deadline', rpcError(Code.DeadlineExceeded), {}, 'warn'],
    ['that is a stream and reached its deadline', rpcError(Code.DeadlineExceeded), { method: watch }, 'info'],
    ['that found something away', rpcError(Code.Unavailable), {}, 'warn'],
    ['that found the database full', runtimeError('DATABASE_FULL', 'no'), {}, 'warn'],
    ['that met another limit', rpcError(Code.ResourceExhausted), {}, 'info'],
    ['that failed by a fault of ours', rpcError(Code.Internal), {}, 'error'],
    ['that failed for no known reason', rpcError(Code.Unknown), {}, 'error'],
    ['that lost data', rpcError(Code.DataLoss), {}, 'error'],
  ])('%s has the level that it needs', async (_, thrown, situation, level) => {
    const { lines } = await observe(thrown, situation);
    expect(lines).toMatchObject([
      { level, requestId: 'r1', method: expect.stringContaining('grpc.health.v1.Health') },
    ]);
  });

  it('names the caller, unless it is `local`', async () => {
    const callerOf = async (caller: string) => (await observe(undefined, { caller })).lines[0]?.caller;
    expect(await callerOf('booking')).toBe('booking');
    expect([await callerOf(LOCAL_CALLER), await callerOf('')]).toEqual([undefined, undefined]);
  });

  it('holds the beginning of a message that repeats the request', async () => {
    const { lines } = await observe(new RpcError({ code: Code.NotFound, reason: 'X' }, 'x'.repeat(5000)));
    expect(lines[0]?.error).toBe('x'.repeat(2000));
  });
});

describe('the error that a caller receives', () => {
  it('is absent after success, which is counted', async () => {
    expect(await observe(undefined)).toMatchObject({ error: undefined, codes: [0] });
  });

  it('is the reason of the service, even after the caller disconnected', async () => {
    for (const situation of [{}, { abortedBy: KNOWN }])
      expect(await observe(KNOWN, situation)).toMatchObject({
        error: { code: Code.NotFound, rawMessage: 'No such user.' },
        codes: [Code.NotFound],
      });
    expect(await observe(known)).toMatchObject({ error: { code: Code.NotFound }, codes: [Code.NotFound] });
  });

  it('is a fixed sentence and the request id for an unknown error', async () => {
    const { error, lines } = await observe(new Error('secret of the database'));
    expect(error).toMatchObject({ code: Code.Internal });
    expect(error?.rawMessage).toMatch(/request id r1/);
    expect(error?.rawMessage).not.toContain('secret');
    expect(JSON.stringify(lines)).toContain('secret');
  });

  it.each([
    ['what an error of the wire says', Code.AlreadyExists, Code.AlreadyExists, /it is there/],
    [
      'that the service failed, where such an error says nothing',
      Code.Unknown,
      Code.Internal,
      /The service failed/,
    ],
  ])('is %s', async (_, code, sentCode, words) => {
    const { error } = await observe(new ConnectError('it is there', code));
    expect(error?.code).toBe(sentCode);
    expect(error?.rawMessage).toMatch(words);
  });

  it.each([
    ['its deadline passed', 0, Code.DeadlineExceeded],
    ['its deadline is a timer away', 5, Code.DeadlineExceeded],
    ['there is time left', 6, Code.Canceled],
    ['it has no deadline', undefined, Code.Canceled],
  ])('names the reason of an abort: %s', async (_, leftMs, code) => {
    const situation = { abortedBy: new Error('gone'), ...(leftMs !== undefined && { leftMs }) };
    expect(await observe(new Error('aborted'), situation)).toMatchObject({ error: { code }, codes: [code] });
  });

  it('is the RpcError by which the call was aborted', async () => {
    const { error } = await observe(new Error('aborted'), {
      abortedBy: runtimeError('DRAINING', 'bye'),
      leftMs: 0,
    });
    expect(error).toMatchObject({ code: Code.Unavailable, rawMessage: 'bye' });
  });
});
