import { SeededRandom } from '@headrace/kernel';

export interface FleetDrift {
  /** From this moment on the world is another one. */
  readonly after: Date;
  readonly column: 'cpu_usage' | 'memory_usage' | 'disk_io';
  /** Added to the value after scaling. Default 0. */
  readonly shift?: number;
  /** Default 1. */
  readonly scale?: number;
  /** Standard deviation of noise that comes on top. Default 0. */
  readonly noise?: number;
}

export interface FleetOptions {
  readonly systems: number;
  readonly from: Date;
  /** Undefined: without end. */
  readonly steps?: number;
  /** Milliseconds between two readings of a system. */
  readonly stepMs: number;
  /** Incidents that begin in a day, for each system. Default 4. */
  readonly incidentsPerDay?: number;
  /** Minutes in which an incident announces itself, and in which it lasts. Default 12 and 6. */
  readonly rampMinutes?: number;
  readonly incidentMinutes?: number;
  /** What changes, at most once a column. Default nothing. */
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
  /** The truth: `ramp` announces an incident, in `incident` cpu_usage is at least 90. */
  readonly phase: 'normal' | 'ramp' | 'incident';
  /** Whether an incident of this system is going on within 15 minutes of this reading. */
  readonly incidentWithin15m: boolean;
}

interface System {
  readonly id: string;
  readonly cpu: number;
  readonly memory: number;
  readonly disk: number;
  wander: number;
  /** Steps into the incident's story; undefined: nothing is going on. */
  story: number | undefined;
}

const dayMs = 86_400_000;

/**
 * A fleet of systems whose incidents announce themselves: memory and disk rise over the ramp, then cpu_usage reaches 90
 * and more. The same seed and options give the same readings, in order of time, for ever. Drift changes values and not
 * incidents, so what is true stays known.
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
    story: undefined,
  }));
  for (let step = 0; options.steps === undefined || step < options.steps; step += 1) {
    const time = options.from.getTime() + step * options.stepMs;
    const daily = Math.sin((2 * Math.PI * (time % dayMs)) / dayMs);
    for (const system of systems) {
      // Chance is drawn at every step, whatever goes on, so that one system's story does not change another's.
      const begins = random.next() < chance;
      if (system.story !== undefined) {
        system.story = system.story + 1 < ramp + lasting ? system.story + 1 : undefined;
      } else if (begins) system.story = 0;
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
  const { story } = system;
  const rising = story === undefined ? 0 : Math.min(1, (story + 1) / ramp);
  const broken = story !== undefined && story >= ramp;
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
    phase: broken ? 'incident' : story === undefined ? 'normal' : 'ramp',
    incidentWithin15m: story !== undefined && (broken || ramp - story <= ahead),
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
