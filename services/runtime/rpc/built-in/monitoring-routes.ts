import type { Identify } from '../../callers/authentication.ts';
import { RpcError } from '../errors.ts';
import type { GetRoute, HttpAnswer } from '../http/plain-routes.ts';
import type { HealthState } from './health.ts';
import type { Readiness } from './readiness.ts';

/** Options of `monitoringRoutes`. */
interface MonitoringOptions {
  readonly state: HealthState;
  readonly readiness: Readiness;
  /** The metrics in the text format of Prometheus. */
  readonly metricsText: () => Promise<string>;
  /** Identifies who may read metrics. Undefined: anyone may. */
  readonly identify: Identify | undefined;
}

/** The paths that every HTTP server answers for its operators: `/healthz`, `/readyz`, `/metrics`. */
export function monitoringRoutes(options: MonitoringOptions): Readonly<Record<string, GetRoute>> {
  const { state, readiness, metricsText, identify } = options;
  const metrics = coalesced(async () => ({
    status: 200,
    type: 'text/plain; version=0.0.4',
    body: await metricsText(),
  }));
  return {
    '/healthz': async () => toText(true, 'alive'),
    '/readyz': async () => {
      if (!state.serving) return toText(false, 'draining');
      return (await readiness.isReady())
        ? toText(true, 'ready')
        : toText(false, 'a dependency does not answer');
    },
    '/metrics': identify ? requireIdentity(identify, metrics) : metrics,
  };
}

function toText(isGood: boolean, body: string): HttpAnswer {
  return { status: isGood ? 200 : 503, type: 'text/plain', body: `${body}\n` };
}

/** Shares one answer among the requests that arrive while it is made. */
function coalesced(make: () => Promise<HttpAnswer>): GetRoute {
  let making: Promise<HttpAnswer> | undefined;
  return () => {
    making ??= make().finally(() => {
      making = undefined;
    });
    return making;
  };
}

/** Answers 401 to callers that cannot be identified. Grants do not count here. */
function requireIdentity(identify: Identify, route: GetRoute): GetRoute {
  return async (request) => {
    try {
      await identify(request);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      return { status: 401, type: 'text/plain', body: `${error.message}\n` };
    }
    return await route(request);
  };
}
