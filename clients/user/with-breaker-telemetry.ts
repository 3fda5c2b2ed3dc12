import type { Breaker } from './breaker.ts';
import { isHeard, publish } from './diagnostics.ts';

/** Tells of each change of state that calls through it bring about, or find, on the diagnostics channel; nothing else. */
export function withBreakerTelemetry(breaker: Breaker): Breaker {
  let seen = breaker.state;
  const look = () => {
    const from = seen;
    const to = breaker.state;
    if (from === to) return;
    seen = to;
    publish('rollcall:user-client:breaker:changed', () => ({ from, to }));
  };
  return {
    get state() {
      return breaker.state;
    },
    run(call, attempt) {
      if (!isHeard('rollcall:user-client:breaker:changed')) return breaker.run(call, attempt);
      look();
      const result = breaker.run(call, attempt);
      // Before whoever waits for the result goes on.
      result.then(look, look);
      return result;
    },
    close: () => breaker.close(),
  };
}
