import { finiteOrNull } from '@headrace/kernel';
import { zod } from '@headrace/service-host';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { Catalog } from '../../application/catalog.js';
import { ReadFeatures, SystemNotFoundError } from '../../application/read-features.js';

const systemId = z.string().min(1).max(512);
const viewQuery = z.object({ view: z.string().min(1).optional() });

@Controller('v1')
export class FeaturesController {
  constructor(
    private readonly catalog: Catalog,
    private readonly readFeatures: ReadFeatures,
  ) {}

  @Get('feature-views')
  views(): unknown {
    return { views: this.catalog.views.map(({ declaration }) => declaration) };
  }

  @Get('feature-views/:name')
  view(@Param('name') name: string): unknown {
    const view = this.catalog.view(name);
    return { ...view.declaration, featureNames: view.featureNames, labels: this.catalog.labelsOf(view) };
  }

  /** The newest features of one system, each with its status; `fill` says how full each window was. */
  @Get('features/:systemId')
  async features(
    @Param('systemId', zod(systemId)) id: string,
    @Query(zod(viewQuery)) query: z.output<typeof viewQuery>,
  ): Promise<unknown> {
    const view = query.view === undefined ? this.catalog.defaultView : this.catalog.view(query.view);
    const [served] = await this.readFeatures.execute(view.name, undefined, [id]);
    if (served?.row === undefined) throw new SystemNotFoundError(id, view.name);
    const { row, ageMs, features } = served;
    return {
      systemId: id,
      view: view.name,
      viewVersion: view.version,
      eventTime: new Date(row.eventTime).toISOString(),
      knownTime: new Date(row.knownTime).toISOString(),
      ageMs,
      ttlMs: view.declaration.ttlSeconds * 1_000,
      changedBy: row.changedBy,
      fill: Object.fromEntries(
        view.layout.windowMinutes.map((minutes, index) => [`${minutes}m`, finiteOrNull(row.fill[index])]),
      ),
      features: Object.fromEntries(view.featureNames.map((name, index) => [name, features[index]])),
    };
  }
}
