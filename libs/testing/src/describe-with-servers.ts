import { describe } from 'vitest';

/** The variables with the address of each real server; `npm run infra -- up` starts the servers and sets these. */
const serverVariables = {
  kafka: ['HEADRACE_TEST_KAFKA_BROKERS'],
  postgres: ['HEADRACE_TEST_DATABASE_URL'],
  redis: ['HEADRACE_TEST_CACHE_URL'],
  influx: [
    'HEADRACE_TEST_INFLUX_URL',
    'HEADRACE_TEST_INFLUX_TOKEN',
    'HEADRACE_TEST_INFLUX_ORG',
    'HEADRACE_TEST_INFLUX_BUCKET',
  ],
  s3: [
    'HEADRACE_TEST_S3_ENDPOINT',
    'HEADRACE_TEST_S3_BUCKET',
    'HEADRACE_TEST_S3_ACCESS_KEY',
    'HEADRACE_TEST_S3_SECRET_KEY',
  ],
} as const;

export type ServerName = keyof typeof serverVariables;

/**
 * Declares a suite that needs real servers. Without them it is reported as skipped, with the reason; under CI=true a
 * missing server is a failure, so that nothing is skipped silently. `body` gets a reader of the variables.
 */
export function describeWithServers(
  servers: readonly ServerName[],
  title: string,
  body: (variable: (name: string) => string) => void,
): void {
  const missing = servers.flatMap((server) => serverVariables[server]).filter((name) => !process.env[name]);
  const read = (name: string): string => {
    const value = process.env[name];
    if (!value) throw new Error(`${name} is not set; start the servers with: npm run infra -- up`);
    return value;
  };
  if (missing.length === 0 || process.env['CI'] === 'true') {
    describe(title, () => {
      if (missing.length > 0) {
        throw new Error(`CI=true but the servers are missing: ${missing.join(', ')} not set`);
      }
      body(read);
    });
    return;
  }
  describe.skip(`${title} (needs ${servers.join(', ')}: npm run infra -- up)`, () => body(read));
}
