import { type Backends, type ServiceDefinition } from '@headrace/service-host';
import { Module, type DynamicModule } from '@nestjs/common';
import { ConsoleEvents } from './adapters/events/console.events.js';
import { liveIntervalMs, OverviewController } from './adapters/http/overview.controller.js';
import { PageController } from './adapters/http/page.controller.js';
import { WhyController } from './adapters/http/why.controller.js';
import { LogFactFinder } from './adapters/log/log-fact-finder.js';
import { consoleSchema } from './adapters/persistence/console-schema.js';
import { TypeormLedger } from './adapters/persistence/typeorm-ledger.js';
import { Explain } from './application/explain.js';
import { FactFinder, Ledger } from './application/ports.js';
import { RecordEvents } from './application/record-events.js';
import { consoleConfigSchema, type ConsoleConfig } from './console.config.js';
import { Overview } from './domain/overview.js';

@Module({})
export class ConsoleModule {
  static forRoot(
    config: ConsoleConfig,
    overview: Overview,
    ledger: Ledger,
    { bus }: Backends,
  ): DynamicModule {
    return {
      module: ConsoleModule,
      controllers: [PageController, OverviewController, WhyController, ConsoleEvents],
      providers: [
        { provide: Overview, useValue: overview },
        { provide: Ledger, useValue: ledger },
        { provide: LogFactFinder, useValue: new LogFactFinder(bus) },
        { provide: FactFinder, useExisting: LogFactFinder },
        { provide: liveIntervalMs, useValue: config.liveIntervalMs },
        RecordEvents,
        Explain,
      ],
    };
  }
}

export const console: ServiceDefinition<ConsoleConfig> = {
  name: 'console',
  configSchema: consoleConfigSchema,
  uses: ['database'],
  database: consoleSchema,
  async compose(config, backends) {
    const overview = new Overview();
    const ledger = new TypeormLedger(backends.database);
    await new RecordEvents(ledger, overview).restore();
    return { module: ConsoleModule.forRoot(config, overview, ledger, backends) };
  },
};
