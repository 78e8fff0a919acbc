import { Controller, Get } from '@nestjs/common';
import { RunSources, type SourceProgress } from '../../application/run-sources.js';

@Controller('v1')
export class SourcesController {
  constructor(private readonly sources: RunSources) {}

  @Get('sources')
  list(): { readonly sources: readonly SourceProgress[] } {
    return { sources: this.sources.progress() };
  }
}
