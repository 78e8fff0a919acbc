import { type DatabaseSchema } from '@headrace/database';
import { CreateTrainings } from './create-trainings.js';
import { KeepCheckpoints } from './keep-checkpoints.js';
import { TrainingEntity, TrainingStepEntity } from './training.entity.js';

export const trainerSchema: DatabaseSchema = {
  name: 'trainer',
  entities: [TrainingEntity, TrainingStepEntity],
  migrations: [CreateTrainings, KeepCheckpoints],
};
