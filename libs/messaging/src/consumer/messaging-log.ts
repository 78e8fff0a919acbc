/** Where messaging reports what somebody should read: fields first, then a sentence. `ServiceLogger` fits. */
export interface MessagingLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export const noLog: MessagingLog = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
