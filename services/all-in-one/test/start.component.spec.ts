import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { eventually, freePort, temporaryDirectory } from '@headrace/testing';
import { describe, expect, it, onTestFinished } from 'vitest';

const main = join(import.meta.dirname, '../dist/main.js');

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  output(): string;
  errors(): string;
}

/** Runs `npm start` as a process of its own, by default on free ports and without sources. */
function start(variables: Record<string, string> = {}, ...args: string[]): Run {
  const environment = {
    PATH: process.env['PATH'],
    HEADRACE_DATA_DIR: variables['HEADRACE_DATA_DIR'] ?? temporaryDirectory(),
    HEADRACE_PORT_BASE: '0',
    INGESTION_SOURCES: '',
    ...variables,
  };
  const child = spawn(process.execPath, [main, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, ended, output: () => output, errors: () => errors };
}

async function listenOnAnyPort(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

const waitForOutput = (run: Run, text: string | RegExp): Promise<void> =>
  eventually(() => expect(run.output()).toMatch(text), { timeoutMs: 120_000 });

async function expectCleanEnd(run: Run): Promise<void> {
  run.child.kill('SIGINT');
  expect(await run.ended).toBe(0);
  expect(run.errors()).toBe('');
  expect(run.output()).not.toMatch(/error|exception|^\s+at /im);
}

describe('npm start', () => {
  it('names every invalid variable at once and exits with 78', async () => {
    const run = start({ HEADRACE_BUS: 'kafak', CANARY_TICK_MS: 'abc' });
    expect(await run.ended).toBe(78);
    expect(run.errors()).toContain('HEADRACE_BUS is "kafak"');
    expect(run.errors()).toContain('did you mean "kafka"?');
    expect(run.errors()).toContain('CANARY_TICK_MS is "abc"');
    expect(run.errors()).not.toMatch(/^\s+at /m);
  });

  it('says what it does and which variables matter', async () => {
    const run = start({}, '--help');
    expect(await run.ended).toBe(0);
    for (const name of ['HEADRACE_DATA_DIR', 'HEADRACE_PORT_BASE', 'INGESTION_SOURCES']) {
      expect(run.output()).toContain(name);
    }
  });

  it('refuses an unknown option', async () => {
    const run = start({}, '--prot', '1');
    expect(await run.ended).toBe(64);
    expect(run.errors()).toContain("Unknown option '--prot'");
  });

  it('names the port that is in use and its variable', async () => {
    const { port, close } = await listenOnAnyPort();
    onTestFinished(close);
    const run = start({ REGISTRY_HTTP_PORT: String(port), HEADRACE_HOST: '127.0.0.1' });
    expect(await run.ended).toBe(1);
    expect(run.errors()).toContain(`Port ${port} of registry is in use`);
    expect(run.errors()).toContain('REGISTRY_HTTP_PORT');
    expect(run.errors()).not.toMatch(/^\s+at /m);
  });

  it('waits for an unavailable broker: live, not ready and why, and stops on a signal', async () => {
    const [broker, port] = [await freePort(), await freePort()];
    const run = start({
      HEADRACE_BUS: 'kafka',
      KAFKA_BROKERS: `127.0.0.1:${broker}`,
      INGESTION_HTTP_PORT: String(port),
    });
    const getHealth = async (path: string): Promise<{ status: number; body: string }> => {
      const answer = await fetch(`http://127.0.0.1:${port}/health/${path}`);
      return { status: answer.status, body: await answer.text() };
    };
    await eventually(
      async () => {
        expect((await getHealth('live')).status).toBe(200);
        const { status, body } = await getHealth('ready');
        expect(status).toBe(503);
        expect(body).toContain(`127.0.0.1:${broker} cannot be reached`);
      },
      { timeoutMs: 120_000 },
    );
    await waitForOutput(run, `127.0.0.1:${broker}`);
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(0);
  });

  it.each([
    ['of a newer release', '{"format":2}', 'has format 2 and this release knows 1'],
    ['whose description is damaged', '{"form', 'headrace.json is damaged'],
  ])('refuses a data directory %s, without a stack trace', async (_, content, message) => {
    const directory = join(temporaryDirectory(), 'data');
    mkdirSync(directory);
    writeFileSync(join(directory, 'headrace.json'), content);
    const run = start({ HEADRACE_DATA_DIR: directory });
    expect(await run.ended).toBe(1);
    expect(run.errors()).toContain(message);
    expect(run.errors().trim().split('\n')).toHaveLength(1);
  });

  it('refuses a data directory that another process uses, and stops cleanly itself', async () => {
    const directory = temporaryDirectory();
    const first = start({ HEADRACE_DATA_DIR: directory });
    await waitForOutput(first, 'Headrace runs');
    const second = start({ HEADRACE_DATA_DIR: directory });
    expect(await second.ended).toBe(1);
    expect(second.errors()).toContain(`in use by process ${first.child.pid}`);
    await expectCleanEnd(first);
  });

  it('stops cleanly during the replay of the history', async () => {
    const first = start({ INGESTION_SOURCES: 'replay' });
    await waitForOutput(first, 'Headrace runs');
    await expectCleanEnd(first);
  });

  it('stops cleanly during the start', async () => {
    const directory = temporaryDirectory();
    const run = start({ HEADRACE_DATA_DIR: directory });
    await eventually(() => expect(existsSync(join(directory, 'database'))).toBe(true));
    await expectCleanEnd(run);
    expect(run.output()).not.toContain('Headrace runs');
  });
}, 300_000);
