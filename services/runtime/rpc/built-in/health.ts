import { create } from '@bufbuild/protobuf';
import {
  type Health,
  HealthCheckResponseSchema,
  HealthListResponseSchema,
  HealthCheckResponse_ServingStatus as Status,
} from '@rollcall/contract/health';
import type { Call } from '../call.ts';
import { runtimeError } from '../errors.ts';
import type { Implementation } from '../route.ts';
import type { Readiness } from './readiness.ts';

/** Whether the process takes calls, and who waits to hear of it. */
export interface HealthState {
  /** Whether calls are welcome: false once draining has begun. */
  readonly serving: boolean;
  /** Says that the process drains; everybody who watches is told. */
  drain(): void;
  /** Aborted once draining has begun. */
  readonly draining: AbortSignal;
}

/** The state of one process, serving. */
export function createHealthState(): HealthState {
  const draining = new AbortController();
  return {
    get serving() {
      return !draining.signal.aborted;
    },
    drain: () => draining.abort(),
    draining: draining.signal,
  };
}

/**
 * The standard health service (https://grpc.io/docs/guides/health-checking/), for each service that the process has and
 * for "", the process as a whole. An unknown service is NOT_FOUND in Check and SERVICE_UNKNOWN in Watch.
 */
export function healthImplementation(
  names: readonly string[],
  { state, readiness }: { state: HealthState; readiness: Readiness },
): Implementation<typeof Health> {
  const known = new Set(['', ...names]);
  const isServing = async () => state.serving && (await readiness.isReady()) && state.serving;
  const status = async () => ((await isServing()) ? Status.SERVING : Status.NOT_SERVING);
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
      const each = { status: await status() };
      return create(HealthListResponseSchema, {
        statuses: Object.fromEntries([...known].map((name) => [name, each])),
      });
    },
    async *watch({ service }, call: Call) {
      const signal = AbortSignal.any([state.draining, call.signal]);
      if (!known.has(service)) {
        yield create(HealthCheckResponseSchema, { status: Status.SERVICE_UNKNOWN });
        // The document asks for the stream to stay open: the service may come to be known.
        await aborted(signal);
        return;
      }
      let sent: Status | undefined;
      while (!call.signal.aborted) {
        const now = await status();
        if (now !== sent) yield create(HealthCheckResponseSchema, { status: now });
        sent = now;
        if (!state.serving) return;
        await readiness.changedFrom(now === Status.SERVING, signal);
      }
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
