import { type DatabaseSchema } from '@headrace/database';
import { CreateTrainings } from './migrations/0001-create-trainings.js';
import { KeepCheckpoints } from './migrations/0002-keep-checkpoints.js';
import { TrainingEntity, TrainingStepEntity } from './training.entity.js';

export const trainerSchema: DatabaseSchema = {
  name: 'trainer',
  entities: [TrainingEntity, TrainingStepEntity],
  migrations: [CreateTrainings, KeepCheckpoints],
};
