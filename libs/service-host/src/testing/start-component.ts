import { type Clock } from '@headrace/kernel';
import { FakeClock } from '@headrace/testing';
import { onTestFinished, TestRunner } from 'vitest';
import { type ServiceDefinition } from '../service-definition.js';
import { type HostConfig } from '../service-options.js';
import { Component, type ComponentOptions } from './component.js';

/**
 * Starts one service on embedded backends in a temporary directory, on free ports. Started in a test, it is closed when
 * the test finishes; a component that the tests of a suite share is started in `beforeAll` and closed in `afterAll`.
 */
export async function startComponent<
  Config extends { readonly host: HostConfig },
  TestClock extends Clock = FakeClock,
>(
  definition: ServiceDefinition<Config>,
  options: ComponentOptions<TestClock> = {},
): Promise<Component<TestClock>> {
  const clock = options.clock ?? (new FakeClock() as Clock as TestClock);
  const component = await Component.start(definition, { ...options, clock });
  if (TestRunner.getCurrentTest() !== undefined) onTestFinished(component.close);
  return component;
}
