import { SeededRandom } from '@headrace/kernel';

/** A reading as producers send it. */
export interface FleetReading {
  readonly system_id: string;
  readonly timestamp: string;
  readonly cpu_usage: number;
  readonly memory_usage: number;
  readonly disk_io: number;
  readonly network_in: number;
}

export interface FleetIncident {
  readonly systemId: string;
  /** The processor is at 90 % or more from here ... */
  readonly from: Date;
  /** ... until just before this. */
  readonly to: Date;
}

export interface FleetOptions {
  readonly seed: number;
  readonly systems: number;
  readonly from: Date;
  /** Exclusive. */
  readonly to: Date;
  readonly stepSeconds: number;
  /** Mean number of incidents of one system in a day. */
  readonly incidentsPerDay: number;
  /** From this moment on the world is another one: other levels, and incidents that announce themselves elsewhere. */
  readonly shift?: FleetShift | undefined;
}

export interface FleetShift {
  readonly at: Date;
  /** Percent points added to every system's memory. */
  readonly memory: number;
  /** Factor of the disk traffic in quiet times. */
  readonly diskFactor: number;
}

const minute = 60_000;
const day = 86_400_000;
const warningMs = 40 * minute;

/**
 * A fleet of servers for load tests and demonstrations: daily rhythm, noise that remembers, and incidents that announce
 * themselves - memory climbs for 40 minutes, then the processor is exhausted for 10 to 25. After a shift memory lies
 * higher and the disk announces incidents instead, so that a model learned before is wrong and a new one can be right.
 * In order of time, then of system. The same options give the same readings on every machine.
 */
export function* fleetReadings(options: FleetOptions): Generator<FleetReading> {
  const servers = Array.from({ length: options.systems }, (_, index) => new Server(options, index));
  const step = options.stepSeconds * 1000;
  for (let time = options.from.getTime(); time < options.to.getTime(); time += step) {
    for (const server of servers) yield server.readingAt(time);
  }
}

/** The incidents that the readings of the same options hold; what a perfect model would foresee. */
export function fleetIncidents(options: FleetOptions): readonly FleetIncident[] {
  return Array.from({ length: options.systems }, (_, index) => new Server(options, index).incidents).flat();
}

class Server {
  readonly systemId: string;
  readonly incidents: readonly FleetIncident[];
  private readonly random: SeededRandom;
  private readonly cpuBase: number;
  private readonly memoryBase: number;
  private readonly diskBase: number;
  private readonly phase: number;
  private cpuNoise = 0;
  private memoryNoise = 0;
  private nextIncident = 0;

  constructor(
    private readonly options: FleetOptions,
    index: number,
  ) {
    this.systemId = `fleet-${String(index + 1).padStart(4, '0')}`;
    // One stream a server, so that more servers do not change those that were there.
    const random = new SeededRandom(Math.imul(options.seed, 0x9e3779b1) ^ (index + 1));
    this.random = random;
    this.cpuBase = 20 + 25 * random.next();
    this.memoryBase = 35 + 15 * random.next();
    this.diskBase = 400_000 * (1 + random.next());
    this.phase = random.next() * 2 * Math.PI;
    this.incidents = this.drawIncidents();
  }

  readingAt(time: number): FleetReading {
    const { random, options } = this;
    const shifted =
      options.shift !== undefined && time >= options.shift.at.getTime() ? options.shift : undefined;
    while ((this.incidents[this.nextIncident]?.to.getTime() ?? Infinity) <= time) this.nextIncident += 1;
    const incident = this.incidents[this.nextIncident];
    const untilMs = incident === undefined ? Infinity : incident.from.getTime() - time;
    // 0 far from an incident, 1 when it begins.
    const warning = untilMs > warningMs ? 0 : untilMs <= 0 ? 1 : 1 - untilMs / warningMs;

    this.cpuNoise = 0.8 * this.cpuNoise + 2 * random.normal();
    this.memoryNoise = 0.9 * this.memoryNoise + 0.8 * random.normal();
    const rhythm = Math.sin((2 * Math.PI * (time % day)) / day + this.phase);
    const burst = 1 + 0.15 * Math.abs(random.normal());
    const cpu =
      untilMs <= 0
        ? 93 + 5 * random.next()
        : Math.min(86, this.cpuBase + 8 * rhythm + this.cpuNoise + 10 * warning);
    const memory =
      this.memoryBase +
      3 * rhythm +
      this.memoryNoise +
      (shifted === undefined ? 35 * warning : shifted.memory);
    const disk = this.diskBase * burst * (shifted === undefined ? 1 : shifted.diskFactor * (1 + 6 * warning));
    return {
      system_id: this.systemId,
      timestamp: new Date(time).toISOString(),
      cpu_usage: round(clamp(cpu, 0.5, 100)),
      memory_usage: round(clamp(memory, 1, 99.5)),
      disk_io: Math.round(disk),
      network_in: Math.round(90_000 * (1.4 + rhythm) * burst),
    };
  }

  private drawIncidents(): readonly FleetIncident[] {
    const { from, to, incidentsPerDay } = this.options;
    const incidents: FleetIncident[] = [];
    if (incidentsPerDay <= 0) return incidents;
    // Exponential gaps, and at least two hours of quiet so that warnings do not run into each other.
    const gap = (): number => 120 * minute + (-Math.log(1 - this.random.next()) * day) / incidentsPerDay;
    for (let start = from.getTime() + gap(); start < to.getTime(); start += gap()) {
      const end = start + (10 + 15 * this.random.next()) * minute;
      incidents.push({ systemId: this.systemId, from: new Date(start), to: new Date(end) });
      start = end;
    }
    return incidents;
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
