import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { describeWithServers, eventually, freePort } from '@headrace/testing';
import { expect, it } from 'vitest';
import { describeObjectStore } from '../testing/object-store.contract.js';
import { openS3ObjectStore, type S3Config } from './s3-object-store.js';

const content = Buffer.from('content');

describeWithServers(['s3'], 'S3ObjectStore on a real server', (variable) => {
  const configOf = (prefix: string): S3Config & { readonly endpoint: string } => ({
    bucket: variable('HEADRACE_TEST_S3_BUCKET'),
    prefix,
    endpoint: variable('HEADRACE_TEST_S3_ENDPOINT'),
    accessKeyId: variable('HEADRACE_TEST_S3_ACCESS_KEY'),
    secretAccessKey: variable('HEADRACE_TEST_S3_SECRET_KEY'),
    partBytes: 5 * 1024 * 1024,
  });
  const rawClient = (): S3Client =>
    new S3Client({
      region: 'us-east-1',
      forcePathStyle: true,
      endpoint: variable('HEADRACE_TEST_S3_ENDPOINT'),
      credentials: {
        accessKeyId: variable('HEADRACE_TEST_S3_ACCESS_KEY'),
        secretAccessKey: variable('HEADRACE_TEST_S3_SECRET_KEY'),
      },
    });

  describeObjectStore('S3ObjectStore', () => {
    const config = configOf(`test-${randomUUID()}`);
    return Promise.resolve({
      open: () => Promise.resolve(openS3ObjectStore(config)),
      damage: async (key) => {
        const client = rawClient();
        const place = { Bucket: config.bucket, Key: `${config.prefix}/${key}` };
        const { Body, Metadata } = await client.send(new GetObjectCommand(place));
        const stored = await Body!.transformToByteArray();
        stored[0]! ^= 1;
        await client.send(new PutObjectCommand({ ...place, Body: stored, Metadata }));
        client.destroy();
      },
      dispose: async () => {
        const store = openS3ObjectStore(config);
        for await (const { key } of store.list('')) await store.delete(key);
        await store.close();
      },
    });
  });

  it('refuses an object that was put there without its digest', async () => {
    const config = configOf(`test-${randomUUID()}`);
    const client = rawClient();
    await client.send(
      new PutObjectCommand({ Bucket: config.bucket, Key: `${config.prefix}/foreign`, Body: content }),
    );
    const store = openS3ObjectStore(config);
    await expect(store.get('foreign')).rejects.toMatchObject({ code: 'OBJECT_CORRUPT' });
    await store.delete('foreign');
    await store.close();
    client.destroy();
  });

  it('says that a bucket does not exist, and that credentials are wrong', async () => {
    const config = configOf('test');
    const nowhere = openS3ObjectStore({ ...config, bucket: 'no-such-bucket' });
    await expect(nowhere.put('a', content)).rejects.toMatchObject({ code: 'OBJECT_STORE_REFUSED' });
    await expect(nowhere.check()).rejects.toThrow(/no-such-bucket/);
    await nowhere.close();
    const stranger = openS3ObjectStore({ ...config, secretAccessKey: 'wrong' });
    await expect(stranger.get('a')).rejects.toMatchObject({ code: 'OBJECT_STORE_REFUSED' });
    await stranger.close();
  });

  it('rejects with a reason while the server is away, and recovers by itself', async () => {
    const config = configOf(`test-${randomUUID()}`);
    const real = new URL(config.endpoint);
    const port = await freePort();
    const store = openS3ObjectStore({ ...config, endpoint: `http://127.0.0.1:${port}` });
    await expect(store.put('a', content)).rejects.toMatchObject({
      code: 'OBJECT_STORE_UNAVAILABLE',
      retryable: true,
    });
    await expect(store.check()).rejects.toThrow(/ECONNREFUSED/);
    const { connect } = await import('node:net');
    const proxy = createServer((inside) => {
      const outside = connect(Number(real.port), real.hostname);
      inside.pipe(outside).pipe(inside);
      inside.on('error', () => outside.destroy());
      outside.on('error', () => inside.destroy());
    });
    proxy.listen(port, '127.0.0.1');
    await eventually(() => store.put('a', content));
    await store.delete('a');
    await store.close();
    proxy.close();
  });
});

it('gives up on a server that accepts and never answers', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const store = openS3ObjectStore({
    bucket: 'b',
    endpoint: `http://127.0.0.1:${port}`,
    accessKeyId: 'a',
    secretAccessKey: 'b',
    timeoutMs: 200,
  });
  await expect(store.get('a')).rejects.toMatchObject({ code: 'OBJECT_STORE_UNAVAILABLE', retryable: true });
  await store.close();
  for (const socket of sockets) socket.destroy();
  server.close();
});
