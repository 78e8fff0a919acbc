import 'reflect-metadata';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { zod } from '../zod-pipe.js';
import { buildOpenApi } from './build-open-api.js';

const body = z.object({ name: z.string().min(1), at: z.iso.datetime().transform((text) => new Date(text)) });
const query = z.object({ limit: z.coerce.number().int().max(100).default(10) });

@Controller('v1/models')
class ModelsController {
  @Get(':name/versions')
  list(@Param('name') name: string, @Query(zod(query)) page: z.output<typeof query>): unknown {
    return { name, page };
  }

  @Post()
  @HttpCode(202)
  create(@Body(zod(body)) model: z.output<typeof body>): unknown {
    return model;
  }

  notARoute(): void {
    throw new Error('never called');
  }
}

describe('buildOpenApi', () => {
  const document = buildOpenApi('registry', [ModelsController]) as {
    paths: Record<string, Record<string, Record<string, unknown>>>;
  };

  it('names the routes of the decorators and nothing else', () => {
    expect(Object.keys(document.paths)).toEqual(['/v1/models', '/v1/models/{name}/versions']);
  });

  it('describes bodies and queries by the schema that validates them, as they arrive', () => {
    expect(document.paths['/v1/models']?.['post']).toMatchObject({
      requestBody: {
        content: {
          'application/json': {
            schema: { required: ['name', 'at'], properties: { at: { type: 'string', format: 'date-time' } } },
          },
        },
      },
      responses: { '202': {} },
    });
    expect(document.paths['/v1/models/{name}/versions']?.['get']?.['parameters']).toMatchObject([
      { name: 'name', in: 'path', required: true },
      { name: 'limit', in: 'query', required: false, schema: { maximum: 100 } },
    ]);
  });
});
