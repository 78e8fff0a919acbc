import { isSpanContextValid, trace, type Link, type SpanContext } from '@opentelemetry/api';

const pattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** W3C `traceparent` of the running span; undefined outside any span. */
export function activeTraceparent(): string | undefined {
  const context = trace.getActiveSpan()?.spanContext();
  if (context === undefined || !isSpanContextValid(context)) return undefined;
  return `00-${context.traceId}-${context.spanId}-${context.traceFlags.toString(16).padStart(2, '0')}`;
}

/** The span that a `traceparent` names; undefined for what is not one, because a bad trace must not lose an event. */
export function toSpanContext(traceparent: string | undefined): SpanContext | undefined {
  const match = traceparent === undefined ? null : pattern.exec(traceparent);
  if (match === null) return undefined;
  const context = {
    traceId: match[1] ?? '',
    spanId: match[2] ?? '',
    traceFlags: Number.parseInt(match[3] ?? '0', 16),
    isRemote: true,
  };
  return isSpanContextValid(context) ? context : undefined;
}

const maxLinks = 128;

/** One link for each distinct span that caused a batch. Bounded, as exporters bound it. */
export function toLinks(traceparents: readonly (string | undefined)[]): Link[] {
  const links: Link[] = [];
  for (const traceparent of new Set(traceparents)) {
    const context = toSpanContext(traceparent);
    if (context !== undefined) links.push({ context });
    if (links.length === maxLinks) break;
  }
  return links;
}
