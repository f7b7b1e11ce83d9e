/**
 * Which stack `coffer stack select` chose, per project. Kept in the user's own folder and not in the project, where
 * one person's choice would be committed for everyone.
 */
import { Fault } from "../core/fault.ts";
import { parseStackName, type StackName } from "../core/name.ts";
import { replaceFile, syncFolder } from "../core/store/atomic_file.ts";
import { guardFolder, hostFault, readGuarded } from "../core/store/file_guard.ts";
import { lockFolder } from "../core/store/file_lock.ts";

const MAX_BYTES = 1024 * 1024;

export function selectedStack(home: string, projectFolder: string): StackName | undefined {
  const selected = readSelections(home)[projectFolder];
  return selected === undefined ? undefined : parseStackName(selected);
}

export async function selectStack(home: string, projectFolder: string, stack: StackName): Promise<void> {
  try {
    if (!guardFolder(home, "private")) Deno.mkdirSync(home, { mode: 0o700, recursive: true });
  } catch (error) {
    throw hostFault(error, home);
  }
  using _lock = await lockFolder(home);
  const selections = { ...readSelections(home), [projectFolder]: stack };
  const text = JSON.stringify(selections, Object.keys(selections).sort(), 2) + "\n";
  replaceFile(fileIn(home), `${home}/.new`, new TextEncoder().encode(text));
  syncFolder(home);
}

function readSelections(home: string): Record<string, string> {
  const bytes = readGuarded(fileIn(home), "private", MAX_BYTES);
  if (!bytes) return {};
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const valid = typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) &&
      Object.values(parsed).every((value) => typeof value === "string");
    if (valid) return parsed as Record<string, string>;
  } catch {
    // reported below, without quoting the file
  }
  throw new Fault("CONFIG", `${fileIn(home)} cannot be parsed`, {
    hint: `rm ${fileIn(home)}, then coffer stack select NAME`,
  });
}

function fileIn(home: string): string {
  return `${home}/selected.json`;
}
