import { Fault } from "../fault.js";

/**
 * Addresses with a version, `?v=`: a year's validity for what is there while the version is the present one. A version stands
 * for all a tileset shows one caller: another write, policy, grant, day or lapsed moment makes another version.
 */
const VERSION = /^[\w-]{22}$/;
export const VERSION_LENGTH = 22;

function taken(parameters: URLSearchParams, name: string): string | null {
  const told = parameters.getAll(name);
  if (told.length > 1) throw new Fault("INVALID_INPUT", { field: name, rule: "once at most" });
  parameters.delete(name);
  return told[0] ?? null;
}

/** Takes the version out of a tile's parameters; null for an address without one. */
export function versionFrom(parameters: URLSearchParams): string | null {
  const version = taken(parameters, "v");
  if (version !== null && !VERSION.test(version)) throw new Fault("INVALID_INPUT", { field: "v", rule: "a version as the tileset names it" });
  return version;
}

/** Takes out of the parameters whether addresses with versions are wanted. */
export function versionedFrom(parameters: URLSearchParams): boolean {
  const told = taken(parameters, "versioned");
  if (told !== null && told !== "true" && told !== "false") throw new Fault("INVALID_INPUT", { field: "versioned", rule: "true or false" });
  return told === "true";
}

const AGE = "max-age=31536000, immutable";

/** Whoever shares a cache with the public shares its tiles; others' are their own. */
export const cachingOf = (isPresent: boolean, isPublic: boolean): string => (isPresent ? `${isPublic ? "public" : "private"}, ${AGE}` : "private, no-cache");
