import { InvalidStateError, NotFoundError } from './registry-errors.js';

export interface ModelAlias {
  readonly alias: string;
  readonly version: number;
}

export interface RegisteredModel {
  readonly name: string;
  readonly description: string;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly tags: Readonly<Record<string, string>>;
  /** Those that point to a version now. */
  readonly aliases: readonly ModelAlias[];
}

/** Something that happened to a version. The history outlives the version. */
export interface HistoryEntry {
  readonly at: string;
  readonly what: string;
  readonly reason: string;
  readonly rolloutId: string | null;
}

export const modelStages = ['None', 'Staging', 'Production', 'Archived'] as const;
export type ModelStage = (typeof modelStages)[number];

/** Clients write stages in any case. */
export function capitalizeStage(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1).toLowerCase();
}

/** Names appear in paths, headers and pages. */
export const modelNamePattern = /^[^/\\:\p{Cc}\p{Cf}]*$/u;
export const aliasPattern = /^[\w-]+$/;

export function looksLikePath(name: string): boolean {
  return /^\.+$/.test(name) || /%(2f|5c|2e|25|00)/i.test(name);
}

export function findAliasesOf(
  { aliases }: Pick<RegisteredModel, 'aliases'>,
  version: number,
): readonly string[] {
  return aliases.filter((found) => found.version === version).map(({ alias }) => alias);
}

/** @returns the version that the alias points to */
export function resolveAlias(
  { name, aliases }: Pick<RegisteredModel, 'name' | 'aliases'>,
  alias: string,
): number {
  const found = aliases.find((one) => one.alias === alias);
  if (found === undefined) throw new NotFoundError('alias', `${name}/${alias}`);
  return found.version;
}

/** Services follow an alias by the name of its model. */
export function assertModelCanBeRenamed({ name, aliases }: Pick<RegisteredModel, 'name' | 'aliases'>): void {
  if (aliases.length === 0) return;
  throw new InvalidStateError(`Model ${name} has aliases that others follow; delete them before renaming it`);
}

export function assertModelCanBeDeleted({ name, aliases }: Pick<RegisteredModel, 'name' | 'aliases'>): void {
  if (aliases.length === 0) return;
  const names = aliases.map(({ alias }) => alias).join(', ');
  throw new InvalidStateError(`Model ${name} has aliases (${names}); delete them first`);
}

export function assertVersionCanBeDeleted(
  { modelName, version }: { readonly modelName: string; readonly version: number },
  aliases: readonly string[],
): void {
  if (aliases.length === 0) return;
  throw new InvalidStateError(
    `Version ${version} of ${modelName} is in use as ${aliases.join(', ')}; move the alias first`,
  );
}
