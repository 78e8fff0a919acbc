import { Controller, Get } from '@nestjs/common';
import { ReadingSources, type SourceProgress } from '../../application/reading-sources.js';

@Controller('v1')
export class SourcesController {
  constructor(private readonly sources: ReadingSources) {}

  @Get('sources')
  list(): { readonly sources: readonly SourceProgress[] } {
    return { sources: this.sources.progress() };
  }
}
