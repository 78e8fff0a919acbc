import { Catch, Controller, Get, Headers, HttpCode, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import { type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { toProblemDetails, sendProblem, ServiceLogger, zod } from '@headrace/service-host';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Infer } from '../../../application/infer.js';
import { describeModel, serverMetadata } from '../describe-model.js';
import { ModelTable } from '../../../application/model-table.js';
import { Readiness } from '../../../application/readiness.js';
import { encodeResponse, inferBody, readInputs, splitBody } from './open-inference-json.js';

/** Clients of the protocol look for `error`; the rest are the problem details of every service. */
@Catch()
export class OpenInferenceErrors implements ExceptionFilter {
  constructor(private readonly logger: ServiceLogger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const problem = toProblemDetails(error);
    if (problem.status >= 500 || reply.sent) {
      sendProblem(error, host.switchToHttp().getRequest<FastifyRequest>(), reply, this.logger);
      return;
    }
    void reply.status(problem.status).send({ error: problem.detail ?? problem.title, ...problem });
  }
}

interface ModelParameters {
  readonly model: string;
  readonly version?: string;
}

/** The Open Inference Protocol, version 2, over REST with the binary tensor extension. */
@Controller('v2')
@UseFilters(OpenInferenceErrors)
export class OpenInferenceController {
  constructor(
    private readonly infer: Infer,
    private readonly table: ModelTable,
    private readonly readiness: Readiness,
  ) {}

  @Get()
  server(): object {
    return serverMetadata;
  }

  @Get('health/live')
  live(): object {
    return { live: true };
  }

  @Get('health/ready')
  ready(@Res() reply: FastifyReply): void {
    const reason = this.readiness.reason();
    if (reason === undefined) void reply.send({ ready: true });
    else void reply.status(503).send({ ready: false, error: reason });
  }

  @Get(['models/:model', 'models/:model/versions/:version'])
  model(@Param() { model, version }: ModelParameters): object {
    const { name, versions, platform, inputs, outputs, properties } = describeModel(
      this.table,
      model,
      version,
    );
    return { name, versions, platform, inputs, outputs, properties };
  }

  @Get(['models/:model/ready', 'models/:model/versions/:version/ready'])
  modelReady(@Param() { model, version }: ModelParameters): object {
    const { model: found } = this.table.resolve(model, version, '');
    return { name: found.modelName, ready: true };
  }

  @Post(['models/:model/infer', 'models/:model/versions/:version/infer'])
  @HttpCode(200)
  async inferModel(
    @Param() { model, version }: ModelParameters,
    @Headers('inference-header-content-length') headerLength: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { json, binary } = splitBody(request.body, headerLength);
    const body = zod(inferBody).transform(json, { type: 'body' });
    const systemId = body.parameters?.['system_id'];
    const answer = await this.infer.execute({
      modelName: model,
      modelVersion: version,
      systemId: typeof systemId === 'string' && systemId !== '' ? systemId : undefined,
      requestId: body.id === '' ? undefined : body.id,
      inputs: readInputs(body.inputs, binary),
      outputs: (body.outputs ?? []).map(({ name }) => name),
    });
    const { body: encoded, headers } = encodeResponse(answer, body);
    void reply.headers(headers).send(encoded);
  }
}
