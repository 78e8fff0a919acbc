import { type Backends, type ServiceDefinition } from '@headrace/service-host';
import { Module, type DynamicModule } from '@nestjs/common';
import { ConsoleEvents } from './adapters/events/console.events.js';
import { LiveInterval, OverviewController } from './adapters/http/overview.controller.js';
import { PageController } from './adapters/http/page.controller.js';
import { WhyController } from './adapters/http/why.controller.js';
import { LogEventFinder } from './adapters/log/log-event-finder.js';
import { consoleSchema } from './adapters/persistence/console-schema.js';
import { TypeormLedger } from './adapters/persistence/typeorm-ledger.js';
import { Explain } from './application/explain.js';
import { EventFinder, Ledger } from './application/ports.js';
import { RecordEvents } from './application/record-events.js';
import { RestoreOverview } from './application/restore-overview.js';
import { consoleConfigSchema, type ConsoleConfig } from './console.config.js';
import { Overview } from './domain/overview.js';

@Module({})
export class ConsoleModule {
  static forRoot(config: ConsoleConfig, { bus, database }: Backends): DynamicModule {
    return {
      module: ConsoleModule,
      controllers: [PageController, OverviewController, WhyController, ConsoleEvents],
      providers: [
        { provide: Overview, useValue: new Overview() },
        { provide: Ledger, useValue: new TypeormLedger(database) },
        { provide: LogEventFinder, useValue: new LogEventFinder(bus) },
        { provide: EventFinder, useExisting: LogEventFinder },
        { provide: LiveInterval, useValue: new LiveInterval(config.liveIntervalMs) },
        RecordEvents,
        RestoreOverview,
        Explain,
      ],
    };
  }
}

export const consoleService: ServiceDefinition<ConsoleConfig> = {
  name: 'console',
  configSchema: consoleConfigSchema,
  uses: ['database'],
  database: consoleSchema,
  compose: (config, backends) => ({
    module: ConsoleModule.forRoot(config, backends),
    startup: [RestoreOverview],
  }),
};
