import { finiteOrNull } from '@headrace/kernel';
import { z } from 'zod';
import { type InferResponse } from '../../../application/infer.js';
import { toPredictionParameters } from '../tensors/prediction-parameters.js';
import { BinaryPartInvalidError, decodeFloats, encodeFloats } from '../tensors/float-tensors.js';
import { quoteName, TensorsInvalidError, type InputTensor } from '../../../domain/inference-tensors.js';

const parameters = z.record(z.string(), z.unknown()).optional();
const name = z.string().min(1).max(512);

/** The JSON part of an inference request of the Open Inference Protocol. */
export const inferBody = z.object({
  id: z.string().max(512).optional(),
  parameters,
  inputs: z
    .array(
      z.object({
        name,
        datatype: z.string().max(32),
        shape: z.array(z.number()).max(16),
        parameters,
        /** Millions of numbers may come: `parseValues` checks each one once. */
        data: z.custom<readonly unknown[]>(Array.isArray, 'must be a list').optional(),
      }),
    )
    .max(64),
  outputs: z.array(z.object({ name, parameters })).max(64).optional(),
});
export type InferBody = z.output<typeof inferBody>;

/** The JSON part and the tensors behind it, as `Inference-Header-Content-Length` divides them. */
export function splitBody(
  body: unknown,
  headerLength: string | undefined,
): { readonly json: unknown; readonly binary: Buffer } {
  if (!Buffer.isBuffer(body)) return { json: body, binary: Buffer.alloc(0) };
  const length = headerLength === undefined ? body.length : Number(headerLength);
  if (!Number.isSafeInteger(length) || length < 0 || length > body.length) {
    throw new BinaryPartInvalidError(
      `Inference-Header-Content-Length is ${quoteName(String(headerLength))} for a body of ${body.length} bytes`,
    );
  }
  try {
    return { json: JSON.parse(body.toString('utf8', 0, length)), binary: body.subarray(length) };
  } catch (cause) {
    throw new BinaryPartInvalidError('The JSON part of the request is not JSON', { cause });
  }
}

/** The tensors of a request: from `data`, flat or nested, or from the binary part in the order of the inputs. */
export function readInputs(inputs: InferBody['inputs'], binary: Buffer): readonly InputTensor[] {
  let start = 0;
  const tensors = inputs.map(({ name: input, datatype, shape, data, parameters: given }): InputTensor => {
    const size = given?.['binary_data_size'];
    if (size === undefined) return { name: input, datatype, shape, values: parseValues(input, data ?? []) };
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0 || start + size > binary.length) {
      throw new BinaryPartInvalidError(
        `The input ${quoteName(input)} says it has ${JSON.stringify(size)} bytes and the body has ${binary.length - start} left`,
      );
    }
    const values = decodeFloats(input, binary.subarray(start, start + size));
    start += size;
    return { name: input, datatype, shape, values };
  });
  if (start !== binary.length) {
    throw new BinaryPartInvalidError(
      `The body has ${binary.length - start} bytes that do not belong to an input`,
    );
  }
  return tensors;
}

function parseValues(input: string, data: readonly unknown[]): Float32Array {
  const flat = Array.isArray(data[0]) ? data.flat(16) : data;
  const values = new Float32Array(flat.length);
  for (const [index, value] of flat.entries()) {
    if (typeof value === 'number') values[index] = value;
    else if (value === null) values[index] = NaN;
    else {
      throw new TensorsInvalidError(
        `The value ${index} of ${quoteName(input)} is ${Array.isArray(value) ? 'a list' : `a ${typeof value}`}, not a number`,
      );
    }
  }
  return values;
}

export interface EncodedResponse {
  readonly body: Buffer | string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The response as JSON, with the tensors that the request wants binary behind it. */
export function encodeResponse(response: InferResponse, request: InferBody): EncodedResponse {
  const allBinary = request.parameters?.['binary_data_output'] === true;
  const parts: Buffer[] = [];
  const outputs = response.outputs.map(({ name: output, values }) => {
    const requested = request.outputs?.find((each) => each.name === output)?.parameters?.['binary_data'];
    const head = { name: output, datatype: 'FP32', shape: [response.rows] };
    if (!(typeof requested === 'boolean' ? requested : allBinary)) {
      return { ...head, data: [...values].map(finiteOrNull) };
    }
    parts.push(encodeFloats(values));
    return { ...head, parameters: { binary_data_size: values.byteLength } };
  });
  const json = JSON.stringify({
    model_name: response.modelName,
    model_version: String(response.modelVersion),
    ...(request.id === undefined ? {} : { id: request.id }),
    ...(response.predictionIds.length === 0
      ? {}
      : { parameters: toPredictionParameters(response.predictionIds) }),
    outputs,
  });
  if (parts.length === 0) {
    return { body: json, headers: { 'content-type': 'application/json; charset=utf-8' } };
  }
  return {
    body: Buffer.concat([Buffer.from(json), ...parts]),
    headers: {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(Buffer.byteLength(json)),
    },
  };
}
