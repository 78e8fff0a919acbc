/** What benchmarks and tools use of the LSTM, without the service around it. The functions block the thread they run in. */
export { openWasmBackend } from './adapters/lstm/open-backend.js';
export { predictLstm } from './adapters/lstm/predict-lstm.js';
export { trainLstm } from './adapters/lstm/train-lstm.js';
export { sequenceSettings, type SequenceSettings } from './application/sequence-settings.js';
export { type SequenceTrainingRequest, type TrainedSequenceModel } from './application/sequence-trainer.js';
