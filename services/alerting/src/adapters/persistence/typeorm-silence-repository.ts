import { type Database } from '@headrace/database';
import { SilenceRepository } from '../../application/ports.js';
import { type Silence } from '../../domain/silence.js';
import { SilenceEntity } from './silence.entity.js';

export class TypeormSilenceRepository extends SilenceRepository {
  constructor(private readonly database: Database) {
    super();
  }

  findAll(): Promise<readonly Silence[]> {
    return this.database.manager.find(SilenceEntity, { order: { startsAt: 'ASC' } });
  }

  async findById(id: string): Promise<Silence | undefined> {
    return (await this.database.manager.findOne(SilenceEntity, { where: { id } })) ?? undefined;
  }

  async save(silence: Silence): Promise<void> {
    await this.database.manager.save(SilenceEntity, { ...silence, matchers: [...silence.matchers] });
  }
}
