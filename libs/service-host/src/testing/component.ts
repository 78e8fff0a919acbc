import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type EventDefinition } from '@headrace/contracts';
import { newId, type Clock } from '@headrace/kernel';
import { BusEventPublisher, replay, type NewEvent, type ReceivedEvent } from '@headrace/messaging';
import { connectBackends, type SharedBackends } from '../backends/connect-backends.js';
import { startService } from '../backends/start-service.js';
import { backendsConfigSchema } from '../configuration/backends-config.js';
import { parseConfig, type Environment } from '../configuration/parse-config.js';
import { type ServiceDefinition } from '../service-definition.js';
import { type HostConfig, type RunningService } from '../service-options.js';
import { type FakeClock } from '@headrace/testing';
import { createDatabase } from './create-database.js';

export interface ComponentOptions<TestClock extends Clock = FakeClock> {
  readonly environment?: Environment;
  /** Files of the configuration directory by their path in it; without any the repository's own are used. */
  readonly configFiles?: Readonly<Record<string, string>>;
  /** Default: a FakeClock. */
  readonly clock?: TestClock;
  /** Runs once, before the service first starts; returns further variables of its environment. */
  readonly prepare?: (backends: SharedBackends) => Environment | undefined | Promise<Environment | undefined>;
}

/** An HTTP response that was read to its end. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed JSON; empty for a response without JSON. */
  readonly body: Record<string, unknown>;
}

/** An event to publish; the id is random and the time that of the component's clock unless given. */
export type TestEvent<Definition extends EventDefinition> = Pick<NewEvent<Definition>, 'payload'> &
  Partial<Omit<NewEvent<Definition>, 'payload'>>;

export interface RestartOptions {
  /** Changed variables; the others stay as they were. */
  readonly environment?: Environment;
  /** Keeps the backends open: faster, and objects taken from them stay valid. */
  readonly keepBackends?: boolean;
  /** Runs while the service is stopped. */
  readonly whileStopped?: () => void | Promise<void>;
}

type StartOptions<TestClock extends Clock> = ComponentOptions<TestClock> & { readonly clock: TestClock };

/** A running service with its backends, as a test sees it: over HTTP and through its events. */
export class Component<TestClock extends Clock> {
  private running: { readonly backends: SharedBackends; service: RunningService | undefined } | undefined;
  private closed: Promise<void> | undefined;

  private constructor(
    private readonly directory: string,
    private environment: Environment,
    readonly clock: TestClock,
    private readonly connect: (environment: Environment) => Promise<SharedBackends>,
    private readonly run: (environment: Environment, backends: SharedBackends) => Promise<RunningService>,
  ) {}

  static async start<Config extends { readonly host: HostConfig }, TestClock extends Clock>(
    definition: ServiceDefinition<Config>,
    { clock, configFiles, environment, prepare }: StartOptions<TestClock>,
  ): Promise<Component<TestClock>> {
    const directory = mkdtempSync(join(tmpdir(), `headrace-${definition.name}-`));
    const dataDirectory = join(directory, 'data');
    if (definition.uses.includes('database')) await createDatabase(join(dataDirectory, 'database'));
    const component = new Component(
      directory,
      {
        HEADRACE_DATA_DIR: dataDirectory,
        HEADRACE_PORT_BASE: '0',
        HEADRACE_LOG_LEVEL: 'silent',
        ...(configFiles === undefined
          ? {}
          : { HEADRACE_CONFIG_DIR: writeFiles(join(directory, 'config'), configFiles) }),
        ...environment,
      },
      clock,
      (variables) =>
        connectBackends(parseConfig(backendsConfigSchema, variables), { services: [definition], clock }),
      (variables, backends) => startService(definition, variables, backends),
    );
    try {
      await component.open(prepare);
    } catch (error) {
      await component.close();
      throw error;
    }
    return component;
  }

  get service(): RunningService {
    if (this.running?.service === undefined) throw new Error('the service is not running');
    return this.running.service;
  }

  get backends(): SharedBackends {
    if (this.running === undefined) throw new Error('the backends are not open');
    return this.running.backends;
  }

  /** The URL of a path of the service, on the port of its latest start. */
  readonly url = (path = ''): string => this.service.httpUrl + path;

  readonly get = (path: string): Promise<HttpAnswer> => this.request('GET', path);

  /** Sends a string or bytes as they are and anything else as JSON; without a body there is no content type either. */
  readonly post = (
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<HttpAnswer> => this.request('POST', path, body, headers);

  readonly request = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = body === undefined
      ? {}
      : { 'content-type': 'application/json' },
  ): Promise<HttpAnswer> => {
    const response = await fetch(this.url(path), {
      method,
      headers,
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: (isJson && text !== '' ? JSON.parse(text) : {}) as Record<string, unknown>,
    };
  };

  /** Publishes events of another service and returns their ids. */
  readonly publish = async <Definition extends EventDefinition>(
    definition: Definition,
    events: readonly TestEvent<Definition>[],
    source = 'test',
  ): Promise<readonly string[]> => {
    const now = this.clock.now();
    const complete = events.map((event) => ({ id: newId(now), time: now, ...event }));
    await new BusEventPublisher(this.backends.bus, source, this.clock).publish(definition, complete);
    return complete.map(({ id }) => id);
  };

  /** Everything in the topic, oldest first in each partition. */
  readonly eventsOf = async <Definition extends EventDefinition>(
    definition: Definition,
  ): Promise<ReceivedEvent<Definition>[]> => {
    const events: ReceivedEvent<Definition>[] = [];
    for await (const event of replay(this.backends.bus, definition)) events.push(event);
    return events;
  };

  /** Stops the service and starts it again on the same data, as a new process would. */
  readonly restart = async ({
    environment,
    keepBackends,
    whileStopped,
  }: RestartOptions = {}): Promise<void> => {
    await this.stop(keepBackends);
    await whileStopped?.();
    this.environment = { ...this.environment, ...environment };
    await this.open();
  };

  /** Closes the service and its backends and removes the directory. */
  readonly close = (): Promise<void> => (this.closed ??= this.closeOnce());

  private async open(prepare?: StartOptions<TestClock>['prepare']): Promise<void> {
    this.running ??= { backends: await this.connect(this.environment), service: undefined };
    const { backends } = this.running;
    this.environment = { ...this.environment, ...(await prepare?.(backends)) };
    this.running.service = await this.run(this.environment, backends);
  }

  private async stop(keepBackends = false): Promise<void> {
    await this.running?.service?.close();
    if (this.running !== undefined) this.running.service = undefined;
    if (keepBackends) return;
    await this.running?.backends.close();
    this.running = undefined;
  }

  private async closeOnce(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function writeFiles(directory: string, files: Readonly<Record<string, string>>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
  return directory;
}
