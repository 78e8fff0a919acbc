import { join } from 'node:path';
import { AppError, assertNever, Clock, type Declared } from '@headrace/kernel';
import { EventBus, EventPublisher } from '@headrace/messaging';
import { ObjectStore } from '@headrace/object-store';
import {
  type Backends,
  loadDeclarations,
  ServiceLogger,
  ServiceMetrics,
  type ServiceDefinition,
} from '@headrace/service-host';
import { Module, type DynamicModule } from '@nestjs/common';
import { TelemetryEvents } from './adapters/events/telemetry.events.js';
import { BodyLimit } from './adapters/http/body-limit.js';
import { LineProtocolController } from './adapters/http/line-protocol.controller.js';
import { ReadingsController } from './adapters/http/readings.controller.js';
import { SourcesController } from './adapters/http/sources.controller.js';
import { DuckdbParquetWriter } from './adapters/lake/duckdb-parquet-writer.js';
import { ObjectStoreLake } from './adapters/lake/object-store-lake.js';
import { FleetSource } from './adapters/sources/fleet-source.js';
import { HostSource } from './adapters/sources/host-source.js';
import { ReplaySource } from './adapters/sources/replay-source.js';
import { AcceptOptions, AcceptReadings } from './application/accept-readings.js';
import { ArchiveReadings } from './application/archive-readings.js';
import { ListQuarantine } from './application/list-quarantine.js';
import { Lake, ParquetWriter, type ReadingSource } from './application/ports.js';
import { ReadingSources } from './application/reading-sources.js';
import { RedriveQuarantine } from './application/redrive-quarantine.js';
import { RunSources } from './application/run-sources.js';
import { ValidateWindow } from './application/validate-window.js';
import { CompiledSuite } from './domain/suite/compiled-suite.js';
import { suiteSchema, type Suite } from './domain/suite/suite.js';
import { WindowValidator } from './domain/suite/window-validator.js';
import { ingestionConfigSchema, type IngestionConfig } from './ingestion.config.js';

export {
  fleetReadings,
  type FleetDrift,
  type FleetOptions,
  type FleetReading,
} from './domain/fleet/fleet-readings.js';

export class SuiteNotFoundError extends AppError {
  readonly code = 'INGESTION_SUITE_UNKNOWN';
  readonly kind = 'invalid';

  constructor(name: string, existing: readonly string[]) {
    super(`There is no suite "${name}", which INGESTION_SUITE names; there are: ${existing.join(', ')}`);
  }
}

@Module({})
export class IngestionModule {
  static forRoot(config: IngestionConfig, declared: Declared<Suite>, backends: Backends): DynamicModule {
    const suite = new CompiledSuite(declared);
    const lengthMs = declared.value.window.length_minutes * 60_000;
    return {
      module: IngestionModule,
      controllers: [ReadingsController, LineProtocolController, SourcesController, TelemetryEvents],
      providers: [
        { provide: EventBus, useValue: backends.bus },
        { provide: EventPublisher, useValue: backends.publisher },
        { provide: ObjectStore, useValue: backends.objects },
        { provide: Clock, useValue: backends.clock },
        { provide: ServiceLogger, useValue: backends.logger },
        { provide: ServiceMetrics, useValue: backends.serviceMetrics },
        { provide: BodyLimit, useValue: new BodyLimit(config.host.bodyLimitBytes) },
        { provide: AcceptOptions, useValue: config.accept },
        { provide: CompiledSuite, useValue: suite },
        {
          provide: WindowValidator,
          useValue: new WindowValidator(suite, lengthMs, slideMsOf(config, declared)),
        },
        { provide: ReadingSources, useValue: new ReadingSources(createSources(config, backends)) },
        { provide: Lake, useClass: ObjectStoreLake },
        { provide: ParquetWriter, useClass: DuckdbParquetWriter },
        AcceptReadings,
        ArchiveReadings,
        ListQuarantine,
        RedriveQuarantine,
        RunSources,
        ValidateWindow,
      ],
    };
  }
}

export const ingestion: ServiceDefinition<IngestionConfig> = {
  name: 'ingestion',
  configSchema: ingestionConfigSchema,
  uses: ['objects'],
  compose(config, backends) {
    const declared = loadSuite(config);
    const { archiveEveryMs } = config;
    return {
      module: IngestionModule.forRoot(config, declared, backends),
      startup: [RunSources],
      tasks: [
        { name: 'window validation', everyMs: slideMsOf(config, declared), useCase: ValidateWindow },
        ...(archiveEveryMs > 0
          ? [{ name: 'archiving', everyMs: archiveEveryMs, useCase: ArchiveReadings }]
          : []),
      ],
      http: {
        answerWithinMs: Object.fromEntries(
          ['/v1/readings', '/v1/events', '/api/v2/write'].map((route) => [route, config.answerWithinMs]),
        ),
        // The controllers read the bodies: compressed ones, lines of JSON, lines of line protocol.
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

function loadSuite({ configDirectory, suite: name }: IngestionConfig): Declared<Suite> {
  const suites = loadDeclarations('suites', suiteSchema, configDirectory);
  const declared = suites.find((suite) => suite.name === name);
  if (declared === undefined) {
    throw new SuiteNotFoundError(
      name,
      suites.map((suite) => suite.name),
    );
  }
  return declared;
}

function slideMsOf({ windowSlideMs }: IngestionConfig, { value }: Declared<Suite>): number {
  return windowSlideMs ?? value.window.slide_minutes * 60_000;
}

function createSources(config: IngestionConfig, { clock, objects }: Backends): readonly ReadingSource[] {
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
