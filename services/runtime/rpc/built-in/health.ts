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

/** Whether the process accepts calls. */
export interface HealthState {
  /** False once draining has begun. */
  readonly serving: boolean;
  /** Begins draining and notifies all watchers. */
  drain(): void;
  /** Aborts once draining begins. */
  readonly draining: AbortSignal;
}

/** Creates the state of a process that serves. */
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
 * Implements the standard health service (https://grpc.io/docs/guides/health-checking/) for each service of
 * the process, and for "", the process as a whole. An unknown service is NOT_FOUND in Check and
 * SERVICE_UNKNOWN in Watch.
 */
export function implementHealth(
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
        // The specification asks for the stream to stay open, because the service may be added.
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
