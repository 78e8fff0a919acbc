import { Clock } from '@headrace/kernel';
import { Controller, Get } from '@nestjs/common';

/** What amtool and Prometheus query about an Alertmanager itself. */
@Controller('api/v2')
export class StatusController {
  private readonly startedAt: Date;

  constructor(clock: Clock) {
    this.startedAt = clock.now();
  }

  @Get('status')
  status(): unknown {
    return {
      cluster: { status: 'disabled', peers: [] },
      config: { original: '' },
      uptime: this.startedAt.toISOString(),
      versionInfo: {
        branch: '',
        buildDate: '',
        buildUser: '',
        goVersion: '',
        revision: '',
        version: '0.27.0-headrace',
      },
    };
  }

  @Get('receivers')
  receivers(): unknown {
    return [{ name: 'default' }];
  }
}
