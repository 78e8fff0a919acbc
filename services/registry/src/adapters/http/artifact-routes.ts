import { Readable } from 'node:stream';
import { type ArtifactStore } from '../../application/ports.js';
import { normalizeArtifactPath } from '../../domain/artifact-path.js';
import { InvalidValueError } from '../../domain/registry-errors.js';
import { type FastifyInstance, type FastifyReply } from 'fastify';
import { toMlflowError } from './mlflow-errors.js';
import { toWireFile } from './mlflow-wire.js';

const root = '/api/2.0/mlflow-artifacts/artifacts';

/**
 * MLflow's artifact proxy. These are routes of Fastify because bodies stream: an artifact can be large and of any content
 * type, and the parsers of the other routes would buffer or refuse it.
 */
export function artifactRoutes(
  artifacts: ArtifactStore,
  maxBytes: number,
): (fastify: FastifyInstance) => Promise<void> {
  return async (fastify) => {
    await fastify.register((scope, _options, done) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, payload, proceed) => proceed(null, payload));
      scope.setErrorHandler(async (error, request, reply) => {
        const { status, body } = toMlflowError(error);
        // The rest of a refused body must not be read as the next request of the connection.
        if (!request.raw.complete) void reply.header('connection', 'close');
        await reply.status(status).header('content-type', 'application/json; charset=utf-8').send(body);
      });
      scope.put<{ Params: { '*': string } }>(`${root}/*`, { bodyLimit: maxBytes }, async (request) => {
        const { body } = request;
        await artifacts.put(request.params['*'], readBody(body));
        return {};
      });
      scope.get<{ Params: { '*': string } }>(`${root}/*`, async (request, reply) => {
        await download(artifacts, request.params['*'], reply);
        return reply;
      });
      scope.delete<{ Params: { '*': string } }>(`${root}/*`, async (request) => {
        await artifacts.remove(request.params['*']);
        return {};
      });
      scope.get<{ Querystring: { path?: unknown } }>(root, async (request) => {
        const { path } = request.query;
        if (typeof path !== 'string') throw new InvalidValueError('The query needs one path');
        const files = await artifacts.list(normalizeArtifactPath(path.replace(/\/+$/, '')));
        return { files: files.map((file) => toWireFile(file, '')) };
      });
      done();
    });
  };
}

/** The stream is not destroyed on an error: that would close the connection before the response. */
function readBody(body: unknown): AsyncIterable<Uint8Array> {
  return body instanceof Readable ? body.iterator({ destroyOnReturn: false }) : Readable.from([]);
}

/** Sent as an attachment of no particular type, so that a browser does not render an upload as a page of this origin. */
async function download(artifacts: ArtifactStore, path: string, reply: FastifyReply): Promise<void> {
  const { entry, content } = await artifacts.open(path);
  await reply
    .header('content-type', 'application/octet-stream')
    .header('content-disposition', 'attachment')
    .header('content-length', String(entry.size))
    .header('x-content-type-options', 'nosniff')
    .header('etag', `"${entry.digest}"`)
    .send(Readable.from(content));
}
