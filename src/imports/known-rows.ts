import { createHash } from "node:crypto";
import type { Unit } from "../platform/write/unit.js";
import type { ImportRequest } from "./import.service.js";
import type { MappedRow } from "./row.js";
import type { Target } from "./target.js";

/** A row that stands and is known by a key of the file. */
export interface KnownRow {
  uuid: string;
  /** Path of the place it lies in. */
  place: string | null;
  /** Known by a key that is not unique: it is meant only if it is called and lies as the file says. */
  ifSame?: true;
  /** Digests of what a file last brought, by field; null where none was kept. */
  digests: Readonly<Record<string, string>> | null;
  /** For each field the version in which a file last wrote it; one for all fields where only that is known, null where no file ever wrote the row. */
  versions: Readonly<Record<string, number>> | number | null;
}

/** The version in which a file last wrote a field. */
export const versionOf = ({ versions }: KnownRow, field: string): number | null => (typeof versions === "number" ? versions : (versions?.[field] ?? null));

/** A value as it is compared between one file and the next. The row's own id is its salt: like values of two rows do not look alike. */
export const digestOf = (uuid: string, value: unknown): string => createHash("sha256").update(uuid).update(JSON.stringify(value)).digest("base64url").slice(0, 22);

/** Finds the rows the keys of a chunk mean, within the actor's sight: a key of another area tells nothing. */
export async function knownRows(unit: Unit, { entity, creates, updates }: Target, { sourceSystem, target }: ImportRequest, rows: readonly MappedRow[]): Promise<ReadonlyMap<string, readonly KnownRow[]>> {
  const keys = [...new Set(rows.flatMap(({ externalId, asWritten, formerId }) => [externalId, asWritten, formerId].filter((key) => key != null)))];
  if (keys.length === 0) return new Map();
  const kept = await unit.query<{ uuid: string; key: string; digests: Record<string, string>; versions: Record<string, number> }>(
    "select entity_id as uuid, external_id as key, digests, versions from imported_values where entity = $1 and source_system = $2 and external_id = any($3::text[])",
    [entity.name, sourceSystem, keys],
  );
  const seen = new Map((await unit.seen(entity, kept.map(({ uuid }) => uuid))).map(({ id, place }) => [id, place]));
  const found = new Map<string, KnownRow[]>();
  const note = (key: string, row: KnownRow) => found.set(key, [...(found.get(key) ?? []).filter(({ uuid }) => uuid !== row.uuid), row]);
  for (const { uuid, key, digests, versions } of kept) if (seen.has(uuid)) note(key, { uuid, place: seen.get(uuid)!, digests, versions });
  const others = (await unit.keyed(entity, sourceSystem, keys)).filter(({ id, externalId }) => !found.get(externalId)?.some(({ uuid }) => uuid === id));
  if (others.length === 0) return found;
  // Rows that came in before digests were kept: the last version an import made says what the file brought.
  const importing = [creates, updates, `import.${target}`];
  const last = await unit.query<{ uuid: string; version: number }>("select entity_id as uuid, max(version) as version from change_events where entity_id = any($1::uuid[]) and action = any($2::text[]) group by entity_id", [others.map(({ id }) => id), importing]);
  const made = new Map(last.map(({ uuid, version }) => [uuid, version]));
  const places = new Map((await unit.seen(entity, others.map(({ id }) => id))).map(({ id, place }) => [id, place]));
  for (const { id, externalId } of others) note(externalId, { uuid: id, place: places.get(id) ?? null, digests: null, versions: made.get(id) ?? null });
  return found;
}

/** What is kept of a row that was taken. */
export interface Taken {
  uuid: string;
  key: string;
  digests: Readonly<Record<string, string>>;
  /** Versions of the fields the file wrote now, or found as it says. */
  versions: Readonly<Record<string, number>>;
}

/** Keeps what the file brought, beside the versions in which it stands. */
export async function keepTaken(unit: Unit, { entity }: Target, { sourceSystem, fileSha256 }: ImportRequest, batch: string, taken: readonly Taken[]): Promise<void> {
  if (taken.length === 0) return;
  await unit.query(
    `insert into imported_values (entity, entity_id, source_system, external_id, digests, versions, batch_id, file_sha256)
     select $1, t.uuid, $2, t.key, t.digests, t.versions, $3, $4 from jsonb_to_recordset($5::jsonb) t(uuid uuid, key text, digests jsonb, versions jsonb)
     on conflict (entity_id, source_system, external_id) do update
       set digests = imported_values.digests || excluded.digests, versions = imported_values.versions || excluded.versions,
         batch_id = excluded.batch_id, file_sha256 = excluded.file_sha256, imported_at = now()`,
    [entity.name, sourceSystem, batch, fileSha256, JSON.stringify(taken)],
  );
}
