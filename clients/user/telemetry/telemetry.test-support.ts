import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  type Context,
  type ContextManager,
  ROOT_CONTEXT,
  type TextMapPropagator,
  trace,
} from '@opentelemetry/api';
import { DataPointType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** One point of a metric. Of a histogram: the number of values and their sum. */
export interface Point {
  readonly attributes: Attributes;
  readonly value: number;
  readonly count?: number;
}

/** OpenTelemetry's SDK for metrics, which collects when a test asks. */
export function openMetrics() {
  const reader = new PulledReader();
  const provider = new MeterProvider({ readers: [reader] });
  return {
    provider,
    /** Every metric with points, by name. */
    async collect() {
      const { resourceMetrics, errors } = await reader.collect();
      if (errors.length > 0) throw new AggregateError(errors);
      const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
      return new Map(
        metrics.map((metric) => {
          const points: Point[] =
            metric.dataPointType === DataPointType.HISTOGRAM
              ? metric.dataPoints.map(({ attributes, value }) => ({
                  attributes,
                  value: value.sum ?? 0,
                  count: value.count,
                }))
              : metric.dataPoints.map(({ attributes, value }) => ({ attributes, value: Number(value) }));
          return [metric.descriptor.name, { ...metric.descriptor, points }] as const;
        }),
      );
    },
    [Symbol.asyncDispose]: () => provider.shutdown(),
  };
}

class PulledReader extends MetricReader {
  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}
}

/** OpenTelemetry's SDK for spans. */
export function openSpans() {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  return {
    provider,
    /** Spans that have ended. */
    ended: () => exporter.getFinishedSpans(),
    [Symbol.asyncDispose]: () => provider.shutdown(),
  };
}

/** Makes the active context follow asynchronous calls, as an SDK does for Node. */
export class TestContextManager implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(context, () => fn.apply(thisArg, args));
  }

  bind<T>(_context: Context, target: T): T {
    return target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.#storage.disable();
    return this;
  }
}

/** The propagator of W3C's traceparent, outward only. */
export const TRACEPARENT: TextMapPropagator = {
  inject(context, carrier, setter) {
    const span = trace.getSpanContext(context);
    if (span) setter.set(carrier, 'traceparent', `00-${span.traceId}-${span.spanId}-0${span.traceFlags}`);
  },
  extract: (context) => context,
  fields: () => ['traceparent'],
};
