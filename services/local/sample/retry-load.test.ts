import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { createRetryLoad } from './retry-load.ts';

const away = new ConnectError('away', Code.Unavailable);

describe('loading the sample', () => {
  it.each([Code.Unavailable, Code.DeadlineExceeded, Code.ResourceExhausted, Code.Aborted])(
    'B12: repeats what fails with code %i, and tells once why it waits',
    async (code) => {
      const waits: string[] = [];
      const retry = createRetryLoad({
        onWait: (why) => waits.push(why),
        signal: new AbortController().signal,
      });
      let failures = 3;
      const load = async () => {
        if (failures-- > 0) throw new ConnectError('slow', code);
        return 'loaded';
      };
      expect(await retry(load)).toBe('loaded');
      expect(waits).toEqual([expect.stringContaining('slow')]);
    },
  );

  it('B12: gives up where nothing came through for as long as patience lasts, and at once where it is refused', async () => {
    const { signal } = new AbortController();
    const impatient = createRetryLoad({ onWait: () => {}, signal, maxOutageMs: 50 });
    await expect(impatient(() => Promise.reject(away))).rejects.toBe(away);
    const refusal = new ConnectError('no', Code.InvalidArgument);
    const patient = createRetryLoad({ onWait: () => {}, signal });
    await expect(patient(() => Promise.reject(refusal))).rejects.toBe(refusal);
  });

  it('ends with the signal', async () => {
    const stop = new AbortController();
    const retry = createRetryLoad({ onWait: () => stop.abort(new Error('stopped')), signal: stop.signal });
    await expect(retry(() => Promise.reject(away))).rejects.toThrow('stopped');
  });
});
