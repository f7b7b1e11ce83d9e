/** Porter's plugin keys as kinds of provider: `filesystem`, `azure.keyvault`, `secrets.azure.keyvault`. */

/** The kind that drives external plugins. */
export const PLUGIN = "plugin";

export interface ProviderChoice {
  readonly kind: string;
  /** Of an external plugin: `NAME.IMPLEMENTATION`. */
  readonly plugin?: string;
}

/** A plugin's name is a folder and a file below it: nothing that could lead out of there. */
const PART = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;
/** What is part of Porter is part of Coffer. */
const BUILT_IN = "porter";

/** Undefined for what is no key. One word is a provider of our own; the interface, first of three, is always `secrets`. */
export function parsePluginKey(key: string): ProviderChoice | undefined {
  const parts = key.split(".");
  if (parts.length > 3 || !parts.every((part) => PART.test(part))) return undefined;
  const [name, implementation] = [BUILT_IN, ...parts].slice(-2) as [string, string];
  return name === BUILT_IN ? { kind: implementation } : { kind: PLUGIN, plugin: `${name}.${implementation}` };
}

export function isPluginName(text: string): boolean {
  return PART.test(text);
}

/** In Porter's words. */
export function invalidPluginKey(key: string): string {
  return `invalid plugin key '${key}', allowed format is [INTERFACE].BINARY.IMPLEMENTATION`;
}
