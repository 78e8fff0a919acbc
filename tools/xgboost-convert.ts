import { isAppError } from '@headrace/kernel';
import { checkModel, convertXgboost } from '@headrace/onnx';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const usage = `npm run xgboost:convert -- BOOSTER --output FILE.onnx [--features a,b,c] [--classes low,high --positive high]
BOOSTER: a file written by save_model(), .json or .ubj. --features: the columns, when the booster was trained without names.
--classes and --positive: for a multi:softprob booster, the names of its classes and of those that count as positive.
`;
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    output: { type: 'string', short: 'o' },
    features: { type: 'string' },
    classes: { type: 'string' },
    positive: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
const [booster] = positionals;
const { output, features, classes, positive } = values;
if (values.help || booster === undefined || output === undefined) {
  process.stderr.write(usage);
  process.exit(values.help ? 0 : 2);
}
try {
  const file = convertXgboost(readFileSync(booster), {
    ...(features !== undefined && { featureNames: features.split(',') }),
    ...(classes !== undefined && { classNames: classes.split(',') }),
    ...(positive !== undefined && { positive: positive.split(',') }),
  });
  const { featureNames, outputs } = checkModel(file);
  writeFileSync(output, file);
  process.stdout.write(
    `${output}: ${file.length} bytes, ${featureNames.length} features, answers ${outputs.map(({ name }) => name).join(', ')}\n`,
  );
} catch (error) {
  process.stderr.write(`${isAppError(error) || error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
