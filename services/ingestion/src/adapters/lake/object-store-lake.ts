import { ObjectStore } from '@headrace/object-store';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Lake } from '../../application/ports.js';

const root = 'lake/readings';
const markKey = `${root}/archived-offsets.json`;
const markSchema = z.record(z.string().regex(/^\d+$/), z.string().regex(/^\d+$/));

@Injectable()
export class ObjectStoreLake extends Lake {
  constructor(private readonly objects: ObjectStore) {
    super();
  }

  async mark(): Promise<ReadonlyMap<number, bigint>> {
    if ((await this.objects.head(markKey)) === undefined) return new Map();
    const stored = markSchema.parse(
      JSON.parse(Buffer.from(await this.objects.get(markKey)).toString('utf8')),
    );
    return new Map(Object.entries(stored).map(([partition, offset]) => [Number(partition), BigInt(offset)]));
  }

  async setMark(offsets: ReadonlyMap<number, bigint>): Promise<void> {
    const stored = Object.fromEntries(
      [...offsets].map(([partition, offset]) => [partition, offset.toString()]),
    );
    await this.objects.put(markKey, Buffer.from(JSON.stringify(stored)));
  }

  async put(partition: number, firstOffset: bigint, parquet: Uint8Array): Promise<void> {
    const name = firstOffset.toString().padStart(20, '0');
    await this.objects.put(`${root}/partition=${partition}/${name}.parquet`, parquet);
  }
}
