import { zod } from '@headrace/service-host';
import { Controller, Get, Param } from '@nestjs/common';
import { z } from 'zod';
import { Explain, subjectKinds, type SubjectKind } from '../../application/explain.js';
import { type ChainNode } from '../../domain/build-causal-chain.js';

const kind = z.enum(subjectKinds);
const id = z.string().min(1).max(512);

@Controller('why')
export class WhyController {
  constructor(private readonly explain: Explain) {}

  @Get(':kind/:id')
  why(
    @Param('kind', zod(kind)) subject: SubjectKind,
    @Param('id', zod(id)) subjectId: string,
  ): Promise<ChainNode> {
    return this.explain.execute(subject, subjectId);
  }
}
