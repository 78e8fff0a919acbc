import { fileURLToPath } from 'node:url';

/** The compiled worker beside the module at `moduleUrl`; a thread cannot load TypeScript, so sources map to `dist`. */
export function workerFile(moduleUrl: string, fileName: string): string {
  return fileURLToPath(new URL(fileName, moduleUrl)).replace(/([\\/])src([\\/]adapters[\\/])/, '$1dist$2');
}
