import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import {
  isSpanContextValid,
  ROOT_CONTEXT,
  trace,
  TraceFlags,
  type Context,
  type ContextManager,
  type Span,
  type SpanContext,
  type SpanOptions,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api';

// Propagates traces without the SDK: a service that exports no spans should not pay for recording them.

/** Keeps the active context in AsyncLocalStorage. */
export class AsyncLocalContextManager implements ContextManager {
  private readonly storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.storage.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    work: F,
    thisArgument?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.storage.run(context, () => work.call(thisArgument, ...args));
  }

  bind<T>(context: Context, target: T): T {
    if (typeof target !== 'function') return target;
    const { storage } = this;
    return function bound(this: unknown, ...args: unknown[]): unknown {
      return storage.run(context, () => (target as (...args: unknown[]) => unknown).apply(this, args));
    } as T;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.storage.disable();
    return this;
  }
}

const pattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Implements https://www.w3.org/TR/trace-context/ without `tracestate`. */
export class TraceparentPropagator implements TextMapPropagator {
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = trace.getSpanContext(context);
    if (span === undefined || !isSpanContextValid(span)) return;
    const flags = span.traceFlags.toString(16).padStart(2, '0');
    setter.set(carrier, 'traceparent', `00-${span.traceId}-${span.spanId}-${flags}`);
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const header = getter.get(carrier, 'traceparent');
    const match = pattern.exec((Array.isArray(header) ? header[0] : header) ?? '');
    if (match === null) return context;
    const [, traceId = '', spanId = '', flags = '00'] = match;
    const span: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
    return isSpanContextValid(span) ? trace.setSpanContext(context, span) : context;
  }

  fields(): string[] {
    return ['traceparent'];
  }
}

/** Creates spans that propagate their trace and record nothing. */
export class PassingTracerProvider implements TracerProvider {
  getTracer(): Tracer {
    return new PassingTracer();
  }
}

class PassingTracer implements Tracer {
  startSpan(_name: string, options?: SpanOptions, context?: Context): Span {
    const parent =
      options?.root === true ? undefined : trace.getSpanContext(context ?? contextManager.active());
    const inherits = parent !== undefined && isSpanContextValid(parent);
    return trace.wrapSpanContext({
      traceId: inherits ? parent.traceId : randomBytes(16).toString('hex'),
      spanId: randomBytes(8).toString('hex'),
      traceFlags: inherits ? parent.traceFlags : TraceFlags.SAMPLED,
    });
  }

  startActiveSpan<F extends (span: Span) => unknown>(name: string, ...rest: unknown[]): ReturnType<F> {
    const work = rest.at(-1) as F;
    const options = rest.length > 1 ? (rest[0] as SpanOptions) : undefined;
    const parent = rest.length > 2 ? (rest[1] as Context) : contextManager.active();
    const span = this.startSpan(name, options, parent);
    return contextManager.with(trace.setSpan(parent, span), () => work(span)) as ReturnType<F>;
  }
}

/** One instance for the process, because the context is global in OpenTelemetry. */
export const contextManager = new AsyncLocalContextManager();
