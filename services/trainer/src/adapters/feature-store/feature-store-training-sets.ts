import { type ObjectStore } from '@headrace/object-store';
import { type HttpPeer } from '@headrace/service-host';
import {
  TrainingSets,
  trainingSetPreview,
  trainingSetReference,
  type TrainingSet,
  type TrainingSetPreview,
  type TrainingSetReference,
} from '../../application/training-sets.js';
import { readTrainingSet } from './read-training-set.js';

/** The feature store builds and stores a set; its bytes come from the object store that both share. */
export class FeatureStoreTrainingSets extends TrainingSets {
  constructor(
    private readonly featureStore: HttpPeer,
    private readonly objects: ObjectStore,
  ) {
    super();
  }

  preview(view: string, label: string): Promise<TrainingSetPreview> {
    const query = new URLSearchParams({ view, label }).toString();
    return this.featureStore.get(`/v1/training-sets/preview?${query}`, trainingSetPreview);
  }

  build(view: string, label: string): Promise<TrainingSetReference> {
    return this.featureStore.post('/v1/training-sets', { view, label }, trainingSetReference);
  }

  async read(reference: TrainingSetReference): Promise<TrainingSet> {
    return readTrainingSet(await this.objects.get(reference.key), reference);
  }
}
