import { Clock } from '@headrace/kernel';
import {
  type Backends,
  loadDeclarations,
  type ServiceDefinition,
  ServiceLogger,
} from '@headrace/service-host';
import { Module, type DynamicModule } from '@nestjs/common';
import { alertRulesDeclaration } from './adapters/alert-rules-declaration.js';
import { LogChannel } from './adapters/channels/log-channel.js';
import { WebhookChannel } from './adapters/channels/webhook-channel.js';
import { AlertingEvents } from './adapters/events/alerting.events.js';
import { AlertsController } from './adapters/http/alerts.controller.js';
import { SilencesController } from './adapters/http/silences.controller.js';
import { StatusController } from './adapters/http/status.controller.js';
import { alertingSchema } from './adapters/persistence/alerting-schema.js';
import { TypeormAlertRepository } from './adapters/persistence/typeorm-alert-repository.js';
import { TypeormGroupRepository } from './adapters/persistence/typeorm-group-repository.js';
import { TypeormSilenceRepository } from './adapters/persistence/typeorm-silence-repository.js';
import { alertingConfigSchema, type AlertingConfig } from './alerting.config.js';
import { AcknowledgeAlert } from './application/acknowledge-alert.js';
import { AlertRules } from './application/alert-rules.js';
import { HandleEvent } from './application/handle-event.js';
import { NotificationSettings, NotifyGroups } from './application/notify-groups.js';
import {
  AlertRepository,
  type Channel,
  Channels,
  GroupRepository,
  SilenceRepository,
} from './application/ports.js';
import { ReceiveAlerts } from './application/receive-alerts.js';

@Module({})
export class AlertingModule {
  static forRoot(config: AlertingConfig, { database, clock, logger }: Backends): DynamicModule {
    const declarations = loadDeclarations('alert-rules', alertRulesDeclaration, config.configDirectory);
    const { groupBy, ...policy } = config.notifications;
    const channels: Channel[] = [new LogChannel(logger)];
    if (config.webhook !== undefined) channels.push(new WebhookChannel(config.webhook));
    return {
      module: AlertingModule,
      controllers: [AlertsController, SilencesController, StatusController, AlertingEvents],
      providers: [
        { provide: Clock, useValue: clock },
        { provide: ServiceLogger, useValue: logger },
        { provide: AlertRules, useValue: new AlertRules(declarations.flatMap(({ value }) => value.rules)) },
        { provide: AlertRepository, useValue: new TypeormAlertRepository(database) },
        { provide: SilenceRepository, useValue: new TypeormSilenceRepository(database) },
        { provide: GroupRepository, useValue: new TypeormGroupRepository(database) },
        { provide: Channels, useValue: new Channels(channels) },
        { provide: NotificationSettings, useValue: new NotificationSettings(groupBy, policy) },
        HandleEvent,
        ReceiveAlerts,
        AcknowledgeAlert,
        NotifyGroups,
      ],
    };
  }
}

export const alerting: ServiceDefinition<AlertingConfig> = {
  name: 'alerting',
  configSchema: alertingConfigSchema,
  uses: ['database'],
  database: alertingSchema,
  compose(config, backends) {
    return {
      module: AlertingModule.forRoot(config, backends),
      tasks: [{ name: 'looking for due notifications', everyMs: config.tickMs, useCase: NotifyGroups }],
    };
  },
};
