import 'reflect-metadata';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { ModelLoaded } from '@headrace/contracts';
import { EventPublisher, On, type ReceivedEvent } from '@headrace/messaging';
import { eventually, temporaryDirectory } from '@headrace/testing';
import { Controller, Module } from '@nestjs/common';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { backendsConfigSchema } from '../configuration/backends-config.js';
import { withHost } from '../configuration/host-config.js';
import { parseConfig } from '../configuration/parse-config.js';
import { loadHealthDefinition } from '../grpc/health-service.js';
import { outgoingHeaders } from '../observability/tracing.js';
import { type HostConfig } from '../service-options.js';
import { type ServiceDefinition } from '../service-definition.js';
import { connectBackends, type SharedBackends } from './connect-backends.js';
import { startService } from './start-service.js';

const seen: {
  readonly event: ReceivedEvent<typeof ModelLoaded>;
  readonly traceparent: string | undefined;
}[] = [];

@Controller()
class LoadedEvents {
  @On(ModelLoaded)
  loaded(event: ReceivedEvent<typeof ModelLoaded>): void {
    seen.push({ event, traceparent: outgoingHeaders()['traceparent'] });
  }
}

@Module({ controllers: [LoadedEvents] })
class ListeningModule {}

@Module({})
class EmptyModule {}

let publisher: EventPublisher | undefined;

const inference: ServiceDefinition = {
  name: 'inference',
  configSchema: withHost('inference', z.object({}), () => ({})),
  uses: [],
  compose: (_config: { readonly host: HostConfig }, backends) => {
    publisher = backends.publisher;
    return { module: { module: EmptyModule } };
  },
};
const drift: ServiceDefinition = {
  name: 'drift',
  configSchema: withHost('drift', z.object({}), () => ({})),
  uses: [],
  compose: () => ({ module: { module: ListeningModule } }),
};

const environment = { HEADRACE_PORT_BASE: '0', HEADRACE_LOG_LEVEL: 'silent' };

async function backends(directory = temporaryDirectory()): Promise<SharedBackends> {
  const config = parseConfig(backendsConfigSchema, { HEADRACE_DATA_DIR: directory });
  const shared = await connectBackends(config, { services: [inference, drift] });
  onTestFinished(() => shared.close());
  return shared;
}

it('starts services on one set of backends, and an event of one reaches the other with its trace', async () => {
  const shared = await backends();
  const sender = await startService(inference, environment, shared);
  const receiver = await startService(drift, environment, shared);
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await publisher?.publish(ModelLoaded, [
    {
      id: 'loaded-1',
      time: new Date('2026-11-23T12:00:00Z'),
      traceparent,
      payload: {
        modelName: 'performance-predictor',
        modelVersion: 1,
        digest: 'sha256:00',
        loadedAt: '2026-11-23T12:00:00Z',
        loadMs: 1,
        scorer: 'trees',
        proof: { rows: 1, largestDifference: 0 },
      },
    },
  ]);
  await eventually(() => expect(seen).toHaveLength(1));
  expect(seen[0]?.event).toMatchObject({ source: 'inference', traceparent });
  // Counted after the handler has returned.
  await eventually(async () => {
    const text = await (await fetch(`${receiver.httpUrl}/metrics`)).text();
    expect(text).toMatch(/messaging_handled_total\{.*\} 1/);
  });
  await receiver.close();
  await sender.close();
});

it('answers grpc.health.v1 from the same checks as /health/ready', async () => {
  const shared = await backends();
  const service = await startService(inference, environment, shared);
  const method = loadHealthDefinition()['Check'];
  if (method === undefined || service.grpcAddress === undefined) throw new Error('no health method');
  const client = new Client(service.grpcAddress, credentials.createInsecure());
  const answer = await new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize as (value: object) => Buffer,
      method.responseDeserialize as (value: Buffer) => object,
      { service: '' },
      (error, value) => (error === null ? resolve(value) : reject(error)),
    );
  });
  expect(answer).toEqual({ status: 'SERVING' });
  client.close();
  await service.close();
});

it('refuses a data directory that another backend holds, one of a newer release, and a damaged one', async () => {
  const directory = temporaryDirectory();
  await backends(directory);
  await expect(backends(directory)).rejects.toMatchObject({ code: 'HOST_DATA_DIRECTORY_IN_USE' });
  const newer = join(temporaryDirectory(), 'newer');
  mkdirSync(newer);
  writeFileSync(join(newer, 'headrace.json'), '{"format":99}');
  await expect(backends(newer)).rejects.toMatchObject({ code: 'HOST_DATA_DIRECTORY_TOO_NEW' });
  for (const damaged of ['', '{"form', 'null', '{"format":"1"}']) {
    writeFileSync(join(newer, 'headrace.json'), damaged);
    await expect(backends(newer)).rejects.toMatchObject({ code: 'HOST_DATA_DIRECTORY_UNREADABLE' });
  }
});

it('throws when a service reads a store that it does not declare', async () => {
  const shared = await backends();
  const greedy: ServiceDefinition = {
    ...inference,
    compose: (_config, given) => {
      if (given.database instanceof Object) seen.length = 0;
      return { module: { module: EmptyModule } };
    },
  };
  await expect(startService(greedy, environment, shared)).rejects.toMatchObject({
    code: 'HOST_STORE_NOT_DECLARED',
  });
});
