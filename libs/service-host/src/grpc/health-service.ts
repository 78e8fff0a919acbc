import { status, type ServerUnaryCall, type ServerWritableStream, type sendUnaryData } from '@grpc/grpc-js';
import { fromJSON, type ServiceDefinition } from '@grpc/proto-loader';
import { describeError } from '@headrace/kernel';
import { type ServiceHealth } from '../health.js';

type Serving = 'SERVING' | 'NOT_SERVING';
interface HealthAnswer {
  readonly status: Serving;
}

const watchEveryMs = 2_000;

/** `grpc.health.v1` as https://github.com/grpc/grpc/blob/master/doc/health-checking.md defines it. */
export function loadHealthDefinition(): ServiceDefinition {
  const definition = fromJSON(
    {
      nested: {
        grpc: {
          nested: {
            health: {
              nested: {
                v1: {
                  nested: {
                    HealthCheckRequest: { fields: { service: { type: 'string', id: 1 } } },
                    HealthCheckResponse: {
                      fields: { status: { type: 'ServingStatus', id: 1 } },
                      nested: {
                        ServingStatus: {
                          values: { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 },
                        },
                      },
                    },
                    Health: {
                      methods: {
                        Check: {
                          requestType: 'HealthCheckRequest',
                          responseType: 'HealthCheckResponse',
                          comment: '',
                        },
                        Watch: {
                          requestType: 'HealthCheckRequest',
                          responseType: 'HealthCheckResponse',
                          responseStream: true,
                          comment: '',
                        },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
    { enums: String, defaults: true },
  );
  return definition['grpc.health.v1.Health'] as ServiceDefinition;
}

/** Uses the same checks as `/health/ready`, whatever service name is requested. */
export function createHealthMethods(health: ServiceHealth): {
  Check: (call: ServerUnaryCall<unknown, HealthAnswer>, answer: sendUnaryData<HealthAnswer>) => void;
  Watch: (call: ServerWritableStream<unknown, HealthAnswer>) => void;
} {
  const serving = async (): Promise<Serving> =>
    (await health.report()).status === 'ready' ? 'SERVING' : 'NOT_SERVING';
  return {
    Check: (_call, answer) => {
      serving().then(
        (answered) => {
          answer(null, { status: answered });
        },
        (error: unknown) => {
          answer({ code: status.INTERNAL, details: describeError(error) });
        },
      );
    },
    Watch: (call) => {
      let last: Serving | undefined;
      const look = (): void => {
        void serving().then((now) => {
          if (now !== last && !call.cancelled) call.write({ status: now });
          last = now;
        });
      };
      const timer = setInterval(look, watchEveryMs);
      timer.unref();
      call.on('cancelled', () => {
        clearInterval(timer);
      });
      look();
    },
  };
}
