import { expect, it, vi } from 'vitest';
import type { Logger } from '../log/logger.ts';
import { createOutgoingCalls } from './outgoing-calls.ts';

function open() {
  const logger = { warn: vi.fn(), info: vi.fn() };
  const outgoing = createOutgoingCalls({ service: 'billing', logger: logger as unknown as Logger });
  return { logger, outgoing };
}

it('outgoing-breakers: the metrics count duration and code by target and method, refusals and the state of the breaker', async () => {
  const { outgoing } = open();
  const call = { target: 'stripe', method: 'POST /v1/refunds' };
  outgoing.onState({ target: 'stripe', state: 'closed' });
  outgoing.onEnd({ ...call, code: 'OK', seconds: 0.2 });
  outgoing.onEnd({ ...call, code: '402', seconds: 0.3 });
  outgoing.onRefused(call);
  outgoing.onState({ target: 'stripe', state: 'open' });
  const text = await outgoing.metricsText();
  const own = 'service="billing"';
  const labels = 'target="stripe",method="POST /v1/refunds"';
  expect(text).toContain(`rollcall_outgoing_duration_seconds_count{${own},${labels},code="OK"} 1`);
  expect(text).toContain(`rollcall_outgoing_duration_seconds_sum{${own},${labels},code="402"} 0.3`);
  expect(text).toContain(`rollcall_outgoing_refused_total{${labels},${own}} 1`);
  for (const [state, value] of [
    ['closed', 0],
    ['open', 1],
    ['half-open', 0],
  ])
    expect(text).toContain(
      `rollcall_outgoing_breaker_state{target="stripe",state="${state}",${own}} ${value}`,
    );
});

it('outgoing-breakers: one line logs that calls stop, and one that they continue, however often a call is tried between', () => {
  const { outgoing, logger } = open();
  for (const state of ['closed', 'open', 'half-open', 'open', 'half-open', 'closed'] as const)
    outgoing.onState({ target: 'auth', state });
  expect(logger.warn.mock.calls).toEqual([[{ target: 'auth' }, expect.stringContaining('stop')]]);
  expect(logger.info.mock.calls).toEqual([[{ target: 'auth' }, expect.stringContaining('go on')]]);
});
