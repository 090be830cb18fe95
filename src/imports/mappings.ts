import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Fault } from "../platform/fault.js";
import { checkMapping, type Mapping } from "./mapping.js";

const directory = join(dirname(fileURLToPath(import.meta.url)), "../../seeds/mappings");

/** A mapping shipped with the service, by name. Faults: NOT_FOUND. */
export async function shippedMapping(name: string): Promise<Mapping> {
  const known = (await readdir(directory)).filter((file) => file.endsWith(".json")).map((file) => file.slice(0, -5));
  if (!known.includes(name)) throw new Fault("NOT_FOUND", { field: "mapping", rule: `one of ${known.join(", ")}` });
  return checkMapping(JSON.parse(await readFile(join(directory, `${name}.json`), "utf8")));
}
