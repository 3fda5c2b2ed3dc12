import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { createRetry } from './retry-calls.ts';

describe('createRetry', () => {
  it('repeats a call until the service is back, and says when that began and ended', async () => {
    const said: string[] = [];
    const patient = createRetry({
      service: 'auth service',
      say: (line) => said.push(line),
      signal: never(),
    });
    expect(await patient(failing(3, Code.Unavailable))).toBe('answer');
    expect(said).toEqual([
      'The auth service is away (Unavailable); trying for up to 30 s.',
      'The auth service answers again.',
    ]);
  });

  it('says an outage once, however many calls meet it', async () => {
    const said: string[] = [];
    const patient = createRetry({
      service: 'auth service',
      say: (line) => said.push(line),
      signal: never(),
    });
    await Promise.all([1, 2, 3].map(() => patient(failing(1, Code.DeadlineExceeded))));
    expect(said).toHaveLength(2);
  });

  it('gives up after its time and says that the command goes on later', async () => {
    const patient = createRetry({
      service: 'auth service',
      say: () => {},
      signal: never(),
      maxOutageMs: 150,
    });
    await expect(patient(failing(9, Code.Unavailable))).rejects.toThrow(
      'The auth service stayed away (Unavailable): start it again, then run the same command, which goes on where this one ended',
    );
  });

  it('passes on what the service refuses, at once', async () => {
    const patient = createRetry({ service: 'auth service', say: () => {}, signal: never() });
    await expect(patient(failing(1, Code.AlreadyExists))).rejects.toBeInstanceOf(ConnectError);
  });

  it('ends the import where the service fails otherwise', async () => {
    const patient = createRetry({ service: 'auth service', say: () => {}, signal: never() });
    await expect(patient(failing(1, Code.Internal))).rejects.toThrow(
      /^The auth service failed \(\[internal\] x\)/,
    );
  });

  it('stops waiting when it is told to', async () => {
    const told = new AbortController();
    const say = () => told.abort(new Error('told to end'));
    const patient = createRetry({ service: 'auth service', say, signal: told.signal });
    await expect(patient(failing(9, Code.Unavailable))).rejects.toThrow('told to end');
  });
});

function never(): AbortSignal {
  return new AbortController().signal;
}

function failing(times: number, code: Code): () => Promise<string> {
  let left = times;
  return async () => {
    left -= 1;
    if (left >= 0) throw new ConnectError('x', code);
    return 'answer';
  };
}
