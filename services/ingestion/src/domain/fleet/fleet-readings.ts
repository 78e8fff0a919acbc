import { SeededRandom } from '@headrace/kernel';

export interface FleetDrift {
  /** The drift applies from this moment on. */
  readonly after: Date;
  readonly column: 'cpu_usage' | 'memory_usage' | 'disk_io';
  /** Added to the value after scaling. Default 0. */
  readonly shift?: number;
  /** Default 1. */
  readonly scale?: number;
  /** Standard deviation of additional noise. Default 0. */
  readonly noise?: number;
}

export interface FleetOptions {
  readonly systems: number;
  readonly from: Date;
  /** Undefined: endless. */
  readonly steps?: number;
  /** Milliseconds between two readings of a system. */
  readonly stepMs: number;
  /** Incidents per system and day. Default 4. */
  readonly incidentsPerDay?: number;
  /** Minutes of ramp before an incident, and minutes that it lasts. Default 12 and 6. */
  readonly rampMinutes?: number;
  readonly incidentMinutes?: number;
  /** At most one per column. Default none. */
  readonly drifts?: readonly FleetDrift[];
  /** Default `fleet`: systems are `fleet-0`, `fleet-1`, ... */
  readonly prefix?: string;
}

export interface FleetReading {
  readonly reading: {
    readonly system_id: string;
    readonly timestamp: string;
    readonly cpu_usage: number;
    readonly memory_usage: number;
    readonly disk_io: number;
  };
  /** Ground truth: `ramp` precedes an incident; during `incident` cpu_usage is at least 90. */
  readonly phase: 'normal' | 'ramp' | 'incident';
  /** Whether this system has an incident within 15 minutes of this reading. */
  readonly incidentWithin15m: boolean;
}

interface System {
  readonly id: string;
  readonly cpu: number;
  readonly memory: number;
  readonly disk: number;
  wander: number;
  /** Steps since the ramp began; undefined outside of incidents. */
  incidentStep: number | undefined;
}

const dayMs = 86_400_000;

/**
 * A synthetic fleet with foreseeable incidents: memory and disk rise over the ramp, then cpu_usage reaches 90 and more.
 * The same seed and options always give the same readings, in order of time. Drift changes values and not incidents, so
 * the ground truth stays known.
 */
export function* fleetReadings(
  seed: number,
  options: FleetOptions,
): Generator<FleetReading, void, undefined> {
  const random = new SeededRandom(seed);
  const minute = 60_000 / options.stepMs;
  const ramp = Math.max(1, Math.round((options.rampMinutes ?? 12) * minute));
  const lasting = Math.max(1, Math.round((options.incidentMinutes ?? 6) * minute));
  const ahead = 15 * minute;
  const chance = ((options.incidentsPerDay ?? 4) * options.stepMs) / dayMs;
  const systems = Array.from({ length: options.systems }, (_, index): System => ({
    id: `${options.prefix ?? 'fleet'}-${index}`,
    cpu: 20 + 30 * random.next(),
    memory: 35 + 25 * random.next(),
    disk: 800 + 2_000 * random.next(),
    wander: 0,
    incidentStep: undefined,
  }));
  for (let step = 0; options.steps === undefined || step < options.steps; step += 1) {
    const time = options.from.getTime() + step * options.stepMs;
    const daily = Math.sin((2 * Math.PI * (time % dayMs)) / dayMs);
    for (const system of systems) {
      // Drawn at every step, also during an incident, so that one system's incidents do not change another's.
      const begins = random.next() < chance;
      if (system.incidentStep !== undefined) {
        system.incidentStep = system.incidentStep + 1 < ramp + lasting ? system.incidentStep + 1 : undefined;
      } else if (begins) system.incidentStep = 0;
      system.wander = 0.9 * system.wander + 1.5 * random.normal();
      const noise = [random.normal(), random.normal(), random.normal()] as const;
      yield buildReading(system, time, daily, noise, ramp, ahead, options.drifts ?? []);
    }
  }
}

function buildReading(
  system: System,
  time: number,
  daily: number,
  noise: readonly [number, number, number],
  ramp: number,
  ahead: number,
  drifts: readonly FleetDrift[],
): FleetReading {
  const { incidentStep } = system;
  const rising = incidentStep === undefined ? 0 : Math.min(1, (incidentStep + 1) / ramp);
  const broken = incidentStep !== undefined && incidentStep >= ramp;
  const cpu = broken
    ? 95 + Math.max(-4.5, Math.min(4.5, 2 * noise[0]))
    : Math.min(88, system.cpu + 8 * daily + system.wander + noise[0] + 25 * rising);
  const values = {
    cpu_usage: applyDrift('cpu_usage', cpu, noise[0], time, drifts),
    memory_usage: applyDrift(
      'memory_usage',
      system.memory + 3 * daily + 1.5 * noise[1] + 30 * rising,
      noise[1],
      time,
      drifts,
    ),
    disk_io: applyDrift(
      'disk_io',
      system.disk * Math.exp(0.2 * noise[2] + 1.8 * rising),
      noise[2],
      time,
      drifts,
    ),
  };
  return {
    reading: {
      system_id: system.id,
      timestamp: new Date(time).toISOString(),
      cpu_usage: round(Math.max(0, Math.min(100, values.cpu_usage))),
      memory_usage: round(Math.max(0, Math.min(100, values.memory_usage))),
      disk_io: round(Math.max(0, values.disk_io)),
    },
    phase: broken ? 'incident' : incidentStep === undefined ? 'normal' : 'ramp',
    incidentWithin15m: incidentStep !== undefined && (broken || ramp - incidentStep <= ahead),
  };
}

function applyDrift(
  column: FleetDrift['column'],
  value: number,
  normal: number,
  time: number,
  drifts: readonly FleetDrift[],
): number {
  const drift = drifts.find((each) => each.column === column && time >= each.after.getTime());
  if (drift === undefined) return value;
  return value * (drift.scale ?? 1) + (drift.shift ?? 0) + (drift.noise ?? 0) * normal;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
