import { Controller, Get, Sse, type MessageEvent } from '@nestjs/common';
import { interval, map, startWith, type Observable } from 'rxjs';
import { Overview } from '../../domain/overview.js';

/** How often the live page is updated. */
export class LiveInterval {
  constructor(readonly ms: number) {}
}

@Controller('v1')
export class OverviewController {
  constructor(
    private readonly overview: Overview,
    private readonly liveInterval: LiveInterval,
  ) {}

  @Get('overview')
  now(): unknown {
    return toSnapshot(this.overview);
  }

  @Sse('live')
  live(): Observable<MessageEvent> {
    return interval(this.liveInterval.ms).pipe(
      startWith(0),
      map(() => ({ data: toSnapshot(this.overview) as object })),
    );
  }
}

function toSnapshot(overview: Overview): unknown {
  return {
    at: new Date().toISOString(),
    counts: overview.counts,
    quarantined: overview.quarantined,
    versions: [...overview.versions.values()].reverse().slice(0, 20),
    rollouts: [...overview.rollouts.values()].reverse(),
    alerts: [...overview.alerts.values()].reverse(),
    drift: Object.fromEntries(overview.drift),
    performance: Object.fromEntries(overview.performance),
    systems: Object.fromEntries(
      [...overview.systems]
        .slice(0, 24)
        .map(([system, points]) => [system, { points, last: overview.lastReading.get(system) }]),
    ),
    systemCount: overview.systems.size,
    timeline: overview.timeline.slice(0, 60),
  };
}
