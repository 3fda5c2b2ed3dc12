import { create } from '@bufbuild/protobuf';
import {
  type Health,
  HealthCheckResponseSchema,
  HealthListResponseSchema,
  HealthCheckResponse_ServingStatus as Status,
} from '@rollcall/contract/health';
import type { Call } from './call.ts';
import { runtimeError } from './reasons.ts';
import type { Implementation } from './route.ts';

/** Whether the process takes calls, and who waits to hear of it. */
export interface HealthState {
  /** Whether calls are welcome: false once draining has begun. */
  readonly serving: boolean;
  /** Says that the process drains; everybody who watches is told. */
  drain(): void;
  /** Resolves at the next change, or when the signal aborts. */
  changed(signal: AbortSignal): Promise<void>;
}

/** The state of one process, serving. */
export function createHealthState(): HealthState {
  const draining = new AbortController();
  return {
    get serving() {
      return !draining.signal.aborted;
    },
    drain: () => draining.abort(),
    changed: (signal) => aborted(AbortSignal.any([draining.signal, signal])),
  };
}

/**
 * The standard health service (https://grpc.io/docs/guides/health-checking/), for each service that the process has and
 * for "", the process as a whole. An unknown service is NOT_FOUND in Check and SERVICE_UNKNOWN in Watch.
 * @param isReady whether what the process depends on answers; asked at each Check.
 */
export function healthImplementation(
  names: readonly string[],
  health: { state: HealthState; isReady: () => Promise<boolean> },
): Implementation<typeof Health> {
  const known = new Set(['', ...names]);
  const status = async () =>
    health.state.serving && (await health.isReady()) ? Status.SERVING : Status.NOT_SERVING;
  return {
    async check({ service }) {
      if (!known.has(service)) {
        throw runtimeError('SERVICE_UNKNOWN', `There is no service "${service}" here.`, {
          metadata: { service },
        });
      }
      return create(HealthCheckResponseSchema, { status: await status() });
    },
    async list() {
      const statuses = [...known].map(async (name) => [name, { status: await status() }] as const);
      return create(HealthListResponseSchema, {
        statuses: Object.fromEntries(await Promise.all(statuses)),
      });
    },
    async *watch({ service }, call: Call) {
      if (!known.has(service))
        yield create(HealthCheckResponseSchema, {
          status: Status.SERVICE_UNKNOWN,
        });
      else yield create(HealthCheckResponseSchema, { status: await status() });
      while (!call.signal.aborted && health.state.serving) {
        await health.state.changed(call.signal);
        if (!call.signal.aborted && known.has(service))
          yield create(HealthCheckResponseSchema, { status: await status() });
      }
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
