/** Structured log of one service. Fields first, then a sentence. Secrets in fields are redacted. */
export abstract class ServiceLogger {
  abstract debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  abstract info(fields: Readonly<Record<string, unknown>>, message: string): void;
  abstract warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  abstract error(fields: Readonly<Record<string, unknown>>, message: string): void;
}
