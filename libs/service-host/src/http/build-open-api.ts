import 'reflect-metadata';
import { type Type } from '@nestjs/common';
import {
  HTTP_CODE_METADATA,
  METHOD_METADATA,
  PATH_METADATA,
  ROUTE_ARGS_METADATA,
} from '@nestjs/common/constants.js';
import { RequestMethod } from '@nestjs/common/enums/request-method.enum.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { z } from 'zod';
import { isZodPipe } from '../zod-pipe.js';

interface Argument {
  readonly data?: unknown;
  readonly pipes?: readonly unknown[];
}

const methods: Readonly<Partial<Record<RequestMethod, string>>> = {
  [RequestMethod.GET]: 'get',
  [RequestMethod.POST]: 'post',
  [RequestMethod.PUT]: 'put',
  [RequestMethod.DELETE]: 'delete',
  [RequestMethod.PATCH]: 'patch',
  [RequestMethod.HEAD]: 'head',
};

/**
 * Builds the OpenAPI 3.1 document of a service from its controllers: routes from Nest's decorators, parameters and bodies
 * from the Zod schemas that validate them. A body without a schema is documented as any content.
 */
export function buildOpenApi(service: string, controllers: readonly Type[]): unknown {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const controller of controllers) {
    for (const route of listRoutes(controller)) {
      paths[route.path] = { ...paths[route.path], [route.method]: { ...route.operation, tags: [service] } };
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: `Headrace ${service}`,
      version: '1',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: { schemas: { Problem: problemSchema } },
  };
}

function* listRoutes(controller: Type): Iterable<{ path: string; method: string; operation: object }> {
  const prefixes = toPaths(Reflect.getMetadata(PATH_METADATA, controller));
  const prototype = controller.prototype as Readonly<Record<string, unknown>>;
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const handler = prototype[name];
    if (typeof handler !== 'function') continue;
    const method = methods[Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod];
    if (method === undefined) continue;
    for (const prefix of prefixes) {
      for (const suffix of toPaths(Reflect.getMetadata(PATH_METADATA, handler))) {
        const path = toPathTemplate(prefix, suffix);
        yield { path, method, operation: buildOperation(controller, name, handler, method, path) };
      }
    }
  }
}

function buildOperation(
  controller: Type,
  name: string,
  handler: object,
  method: string,
  path: string,
): object {
  const args = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Readonly<
    Record<string, Argument>
  >;
  const parameters = new Map<string, object>();
  for (const [, parameter] of path.matchAll(/\{([^}]+)\}/g)) {
    parameters.set(`path ${parameter ?? ''}`, {
      name: parameter,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    });
  }
  let requestBody: object | undefined;
  for (const [key, argument] of Object.entries(args)) {
    const schema = (argument.pipes ?? []).find(isZodPipe)?.schema;
    const json = schema === undefined ? undefined : toJsonSchema(schema);
    switch (Number(key.split(':')[0])) {
      case RouteParamtypes.BODY as number:
        requestBody = {
          required: true,
          content: { [json === undefined ? '*/*' : 'application/json']: { schema: json ?? {} } },
        };
        break;
      case RouteParamtypes.PARAM as number:
        if (typeof argument.data === 'string' && json !== undefined) {
          parameters.set(`path ${argument.data}`, {
            name: argument.data,
            in: 'path',
            required: true,
            schema: json,
          });
        }
        break;
      case RouteParamtypes.QUERY as number:
        for (const query of listQueryParameters(argument, json)) parameters.set(`query ${query.name}`, query);
        break;
      default:
    }
  }
  const status =
    (Reflect.getMetadata(HTTP_CODE_METADATA, handler) as number | undefined) ??
    (method === 'post' ? 201 : 200);
  return {
    operationId: `${controller.name.replace(/Controller$/, '')}.${name}`,
    ...(parameters.size === 0 ? {} : { parameters: [...parameters.values()] }),
    ...(requestBody === undefined ? {} : { requestBody }),
    responses: {
      [String(status)]: { description: 'Done' },
      default: {
        description: 'A problem (RFC 9457)',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function listQueryParameters(
  { data }: Argument,
  json: Readonly<Record<string, unknown>> | undefined,
): readonly { name: string }[] {
  if (typeof data === 'string') return [{ name: data, ...{ in: 'query', schema: json ?? {} } }];
  const properties = (json?.['properties'] ?? {}) as Readonly<Record<string, unknown>>;
  const required = (json?.['required'] ?? []) as readonly string[];
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    ...{ in: 'query', required: required.includes(name), schema },
  }));
}

function toJsonSchema(schema: z.ZodType): Readonly<Record<string, unknown>> {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return json;
}

function toPaths(path: unknown): readonly string[] {
  if (Array.isArray(path)) return path as string[];
  return [typeof path === 'string' ? path : ''];
}

function toPathTemplate(prefix: string, suffix: string): string {
  const parts = `${prefix}/${suffix}`.split('/').filter((part) => part !== '');
  return `/${parts.map((part) => part.replace(/^:(\w+).*$/, '{$1}').replace(/^\*(\w+)$/, '{$1}')).join('/')}`;
}

const problemSchema = {
  type: 'object',
  required: ['status', 'title'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
    errors: { type: 'array', items: { type: 'object' } },
  },
};
