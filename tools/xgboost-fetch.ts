import { fetchXgboost } from '@headrace/trainer/xgboost';
import { parseArgs } from 'node:util';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { directory: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
});
if (values.help) {
  process.stderr.write('npm run xgboost:fetch -- [VERSION] [--directory CACHE]\n');
  process.exit(0);
}
const [version] = positionals;
const directory = values.directory ?? process.env['XGBOOST_CACHE_DIR'];
try {
  const fetched = await fetchXgboost({
    ...(version !== undefined && { version }),
    ...(directory !== undefined && { cacheDirectory: directory }),
  });
  process.stdout.write(
    `XGBoost ${fetched.version} is in ${fetched.path}; the trainer takes it at its next start\n`,
  );
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
