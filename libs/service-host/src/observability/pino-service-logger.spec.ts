import { expect, it } from 'vitest';
import { PinoServiceLogger } from './pino-service-logger.js';

function captureEntry(write: (logger: PinoServiceLogger) => void): Record<string, unknown> {
  const lines: string[] = [];
  write(
    new PinoServiceLogger(
      'drift',
      { logLevel: 'info', logFormat: 'json' },
      { write: (line) => lines.push(line) },
    ),
  );
  return JSON.parse(lines[0] ?? '{}') as Record<string, unknown>;
}

it('names the service and the level', () => {
  expect(captureEntry((logger) => logger.warn({ rows: 3 }, 'few rows'))).toMatchObject({
    name: 'drift',
    level: 'warn',
    rows: 3,
    msg: 'few rows',
  });
});

it('redacts secrets wherever they lie', () => {
  const entry = captureEntry((logger) =>
    logger.info(
      {
        password: 'hunter2',
        headers: { authorization: 'Bearer hunter2', accept: '*/*' },
        deep: { list: [{ apiKey: 'hunter2' }] },
        url: 'postgres://user:hunter2@db/headrace',
        error: new Error('no connection to redis://:hunter2@cache'),
      },
      'connecting to https://me:hunter2@host',
    ),
  );
  expect(JSON.stringify(entry)).not.toContain('hunter2');
  expect(entry).toMatchObject({ headers: { accept: '*/*' }, url: 'postgres://user:***@db/headrace' });
});
