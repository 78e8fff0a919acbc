import { AppError } from '@headrace/kernel';
import { sendProblem, type ServiceLogger } from '@headrace/service-host';
import { type FastifyInstance } from 'fastify';
import { type InferenceMetrics } from '../../application/inference-metrics.js';

/** More predictions are waiting than can be answered in time. */
export class PredictionsOverloadedError extends AppError {
  readonly code = 'INFERENCE_OVERLOADED';
  readonly kind = 'overloaded';

  constructor(limit: number) {
    super(`${limit} predictions are being answered already; try again in a second`);
  }
}

/**
 * Refuses predictions beyond `limit` in flight before their bodies are read: a queue that clients no longer wait for is
 * useless work. Everything else (health, metadata, metrics) is admitted.
 */
export function admitPredictions(
  fastify: FastifyInstance,
  limit: number,
  metrics: InferenceMetrics,
  logger: ServiceLogger,
): void {
  const admitted = new WeakSet<object>();
  let inFlight = 0;
  fastify.addHook('onRequest', (request, reply, done) => {
    if (request.method !== 'POST') {
      done();
      return;
    }
    if (inFlight >= limit) {
      metrics.countShedRequest();
      sendProblem(new PredictionsOverloadedError(limit), request, reply, logger);
      return;
    }
    admitted.add(request);
    inFlight += 1;
    metrics.setQueueDepth(inFlight);
    done();
  });
  const release = (request: object): void => {
    if (!admitted.delete(request)) return;
    inFlight -= 1;
    metrics.setQueueDepth(inFlight);
  };
  fastify.addHook('onResponse', (request, _reply, done) => {
    release(request);
    done();
  });
  // A client that disconnects early gets no response.
  fastify.addHook('onRequestAbort', (request, done) => {
    release(request);
    done();
  });
}
