import { join } from 'node:path';
import { AppError, assertNever, Clock, type Closeable } from '@headrace/kernel';
import { type Backends, loadDeclarations, repeat, type ServiceDefinition } from '@headrace/service-host';
import { Module, type DynamicModule } from '@nestjs/common';
import { TelemetryEvents } from './adapters/events/telemetry.events.js';
import { LineProtocolController } from './adapters/http/line-protocol.controller.js';
import { bodyLimitBytes, ReadingsController } from './adapters/http/readings.controller.js';
import { DuckdbParquetWriter } from './adapters/lake/duckdb-parquet-writer.js';
import { ObjectStoreLake } from './adapters/lake/object-store-lake.js';
import { SourcesController } from './adapters/http/sources.controller.js';
import { FleetSource } from './adapters/sources/fleet-source.js';
import { HostSource } from './adapters/sources/host-source.js';
import { ReplaySource } from './adapters/sources/replay-source.js';
import { AcceptReadings } from './application/accept-readings.js';
import { ArchiveReadings } from './application/archive-readings.js';
import { ListQuarantine } from './application/list-quarantine.js';
import { type ReadingSource } from './application/ports.js';
import { RedriveQuarantine } from './application/redrive-quarantine.js';
import { RunSources } from './application/run-sources.js';
import { ValidateWindow } from './application/validate-window.js';
import { compileSuite, type CompiledSuite } from './domain/suite/compile-suite.js';
import { suiteSchema, type Suite } from './domain/suite/suite.js';
import { WindowValidator } from './domain/suite/validate-windows.js';
import { ingestionConfigSchema, type IngestionConfig } from './ingestion.config.js';

export {
  fleetReadings,
  type FleetDrift,
  type FleetOptions,
  type FleetReading,
} from './domain/fleet/fleet-readings.js';

export class SuiteUnknownError extends AppError {
  readonly code = 'INGESTION_SUITE_UNKNOWN';
  readonly kind = 'invalid';

  constructor(name: string, known: readonly string[]) {
    super(`INGESTION_SUITE names ${name}; there are ${known.join(', ')}`);
  }
}

@Module({})
export class IngestionModule {
  static forRoot(
    config: IngestionConfig,
    accept: AcceptReadings,
    sources: RunSources,
    { bus, clock }: Backends,
  ): DynamicModule {
    const quarantine = new ListQuarantine(bus);
    return {
      module: IngestionModule,
      controllers: [ReadingsController, LineProtocolController, SourcesController, TelemetryEvents],
      providers: [
        { provide: AcceptReadings, useValue: accept },
        { provide: RunSources, useValue: sources },
        { provide: ListQuarantine, useValue: quarantine },
        { provide: RedriveQuarantine, useValue: new RedriveQuarantine(quarantine, accept) },
        { provide: Clock, useValue: clock },
        { provide: bodyLimitBytes, useValue: config.host.bodyLimitBytes },
      ],
    };
  }
}

export const ingestion: ServiceDefinition<IngestionConfig> = {
  name: 'ingestion',
  configSchema: ingestionConfigSchema,
  uses: ['objects'],
  compose(config, backends) {
    const { clock, logger, publisher, serviceMetrics } = backends;
    const { declared, suite } = loadSuite(config);
    const slideMs = config.windowSlideMs ?? declared.window.slide_minutes * 60_000;
    const windows = new WindowValidator(suite, declared.window.length_minutes * 60_000, slideMs);
    const accept = new AcceptReadings(suite, windows, publisher, clock, config.accept, serviceMetrics);
    const validate = new ValidateWindow(suite, windows, publisher, clock);
    const sources = new RunSources(sourcesOf(config, backends), accept, logger);
    const closing: Closeable[] = [
      sources,
      repeat('window validation', slideMs, logger, () => validate.execute()),
    ];
    if (config.archiveEveryMs > 0) {
      const lake = new ObjectStoreLake(backends.objects);
      const archive = new ArchiveReadings(backends.bus, lake, new DuckdbParquetWriter());
      closing.push(repeat('archiving', config.archiveEveryMs, logger, () => archive.execute()));
    }
    sources.execute();
    return {
      module: IngestionModule.forRoot(config, accept, sources, backends),
      closing,
      http: {
        answerWithinMs: Object.fromEntries(
          ['/v1/readings', '/v1/events', '/api/v2/write'].map((route) => [route, config.answerWithinMs]),
        ),
        // Bodies are read here and nowhere else: compressed ones, lines of JSON, lines of line protocol.
        configure: (fastify) => {
          fastify.removeAllContentTypeParsers();
          fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
            done(null, body);
          });
        },
      },
    };
  },
};

function loadSuite({ configDirectory, suite: name }: IngestionConfig): {
  readonly declared: Suite;
  readonly suite: CompiledSuite;
} {
  const declarations = loadDeclarations('suites', suiteSchema, configDirectory);
  const found = declarations.find(({ value }) => value.expectation_suite_name === name);
  if (found === undefined) {
    throw new SuiteUnknownError(
      name,
      declarations.map(({ value }) => value.expectation_suite_name),
    );
  }
  return { declared: found.value, suite: compileSuite(found.value, found.version) };
}

function sourcesOf(config: IngestionConfig, { clock, objects }: Backends): readonly ReadingSource[] {
  return config.sources.map((name) => {
    switch (name) {
      case 'host':
        return new HostSource();
      case 'replay':
        return new ReplaySource(join(config.configDirectory, 'data/nab'), config.replaySpeed, objects, clock);
      case 'fleet':
        return new FleetSource(config.fleet, objects, clock);
      default:
        return assertNever(name);
    }
  });
}
