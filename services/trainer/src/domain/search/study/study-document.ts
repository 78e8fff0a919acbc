import { nonFiniteAsText } from '../../non-finite-json.js';
import { checkedStudy, InvalidStudyError, type Study } from './study.js';

/** The study as JSON text. Reading it back gives an equal study, and so the same suggestions. */
export function writeStudy(study: Study): string {
  return JSON.stringify(study, nonFiniteAsText);
}

/** Reads what `writeStudy` wrote, whatever a database did to the order of its keys. Throws what and where otherwise. */
export function readStudy(text: string): Study {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new InvalidStudyError('The study is not JSON', { cause });
  }
  const study = checkedStudy(document);
  study.trials.forEach((trial, index) => {
    if (trial.number !== index) {
      throw new InvalidStudyError(`Trial ${trial.number} of study "${study.name}" stands in place ${index}`);
    }
    if (trial.state === 'complete' && trial.values.length !== study.directions.length) {
      throw new InvalidStudyError(
        `Trial ${index} has ${trial.values.length} values for ${study.directions.length} objectives`,
      );
    }
  });
  return study;
}
