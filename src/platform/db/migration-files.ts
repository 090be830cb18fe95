import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { MigrationInterface } from "typeorm";

type MigrationClass = new () => MigrationInterface;

/** Beside src and dist/src alike, so the same path holds for the sources and for what is built from them. */
const directory = join(dirname(fileURLToPath(import.meta.url)), "../../../migrations");

/** Every migration file, in the order of its number; a new one needs no registration. */
export async function loadMigrations(): Promise<MigrationClass[]> {
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory).filter((name) => /^\d{4}-[\w-]+\.(ts|js)$/.test(name)).sort();
  const classes: MigrationClass[] = [];
  for (const name of names) {
    const module = (await import(pathToFileURL(join(directory, name)).href)) as Record<string, unknown>;
    classes.push(...Object.values(module).filter((value): value is MigrationClass => typeof value === "function"));
  }
  return classes;
}
