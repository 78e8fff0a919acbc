import { Catch, UseFilters, type RpcExceptionFilter } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { throwError, type Observable } from 'rxjs';
import { type EventDefinition } from '@headrace/contracts';
import { type ReceivedEvent } from '../events.js';
import { eventBusTransport, type HandlerExtras } from './event-bus-transport.js';

/** Nest's own filter replaces every error by "Internal server error"; the runner decides by the error's code and kind. */
@Catch()
class RethrowFilter implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/** Checks the handler's parameter against the event's payload. */
type HandlerDecorator<Input> = <Handler extends (input: Input) => Promise<void> | void>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<Handler>,
) => void;

/** Handles events of one or several types one at a time. Idempotent: delivery is at least once. */
export function On<Definitions extends readonly EventDefinition[]>(
  ...definitions: Definitions
): HandlerDecorator<ReceivedEvent<Definitions[number]>> {
  return handlerOf({ definitions, mode: 'one' });
}

/**
 * Handles events of one or several types many at a time: each call gets events of one type and one partition, in order.
 * Idempotent: delivery is at least once.
 */
export function OnBatch<Definitions extends readonly EventDefinition[]>(
  ...definitions: Definitions
): HandlerDecorator<readonly ReceivedEvent<Definitions[number]>[]> {
  return handlerOf({ definitions, mode: 'many' });
}

function handlerOf(
  extras: HandlerExtras,
): (target: object, name: string | symbol, descriptor: PropertyDescriptor) => void {
  const topics = extras.definitions.map(({ topic }) => topic);
  const subscribe = EventPattern<string[]>(topics, eventBusTransport, { ...extras });
  const filter = UseFilters(RethrowFilter);
  return (target, name, descriptor) => {
    subscribe(target, name, descriptor);
    filter(target, name, descriptor);
  };
}
