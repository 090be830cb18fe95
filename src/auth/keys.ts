import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Pool } from "pg";
import { PUBLIC_ACTOR, type Actor, type Grant, type Role } from "../platform/actor.js";
import { Fault } from "../platform/fault.js";

/** A key as it is given out: prefix for finding, secret for proving. Only the secret's hash is kept. */
export interface NewKey {
  text: string;
  prefix: string;
  secretHash: Buffer;
}

const KEY = /^ytb_([0-9a-f]{12})\.([A-Za-z0-9_-]{43})$/;
const hash = (secret: string) => createHash("sha256").update(secret).digest();

export function newKey(): NewKey {
  const prefix = randomBytes(6).toString("hex");
  const secret = randomBytes(32).toString("base64url");
  return { text: `ytb_${prefix}.${secret}`, prefix, secretHash: hash(secret) };
}

/**
 * What a request for maps and features says of its sender: desktop GIS keeps names and passwords and knows no bearer, so
 * that HTTP Basic with the key for the password is the same key. Only where nothing is written: browsers repeat passwords unasked.
 */
export function bearerOf(authorization: string | undefined): string | undefined {
  const [, encoded] = /^Basic ([A-Za-z0-9+/]{1,400}={0,2})$/i.exec(authorization ?? "") ?? [];
  if (encoded === undefined) return authorization;
  const text = Buffer.from(encoded, "base64").toString();
  return `Bearer ${text.slice(text.indexOf(":") + 1)}`;
}

interface Known {
  secretHash: Buffer;
  actor: Actor;
  expiresAt: number;
  loadedAt: number;
}

/** A revoked key is dead within this time on every node. */
const REMEMBERED_MS = 3_000;

/** Turns a bearer key into an actor with its grants in force. No key: the public. A bad one: UNAUTHENTICATED. */
export class Keys {
  private readonly known = new Map<string, Known>();
  /** Headers proven a moment ago, so that a busy client's secret is not hashed for every request. */
  private readonly proven = new Map<string, Known>();

  constructor(private readonly pool: Pool) {}

  async actorOf(authorization: string | undefined): Promise<Actor> {
    if (authorization === undefined) return PUBLIC_ACTOR;
    const before = this.proven.get(authorization);
    if (before && Date.now() - before.loadedAt < REMEMBERED_MS && before.expiresAt >= Date.now()) return before.actor;
    const [, prefix, secret] = KEY.exec(/^Bearer ([\x21-\x7e]{1,200})$/i.exec(authorization)?.[1] ?? "") ?? [];
    if (!prefix || !secret) throw new Fault("UNAUTHENTICATED", {});
    const known = await this.lookUp(prefix);
    if (!known || !timingSafeEqual(known.secretHash, hash(secret)) || known.expiresAt < Date.now()) throw new Fault("UNAUTHENTICATED", {});
    if (this.proven.size > 5_000) this.proven.clear();
    this.proven.set(authorization, known);
    return known.actor;
  }

  private async lookUp(prefix: string): Promise<Known | undefined> {
    const remembered = this.known.get(prefix);
    if (remembered && Date.now() - remembered.loadedAt < REMEMBERED_MS) return remembered;
    const { rows } = await this.pool.query(
      `select p.id, p.kind, p.name, p.person_id, k.secret_hash, k.expires_at, k.scopes,
         coalesce(json_agg(json_build_object('role', g.role, 'regionPath', r.path::text, 'countyCode', nullif(r.county_code, '000000'), 'townId', case r.level when 'TOWN' then r.id when 'VILLAGE' then (select t.id from regions t where t.id = r.parent_id and t.level = 'TOWN') end, 'whole', case r.level when 'TOWN' then 'town' when 'DISTRICT' then 'county' end, 'sectors', g.sectors, 'subjectId', g.subject_id, 'subjectRegionPath', s.region_path::text, 'subjectCountyCode', nullif(s.county_code, '000000')) order by g.id) filter (where g.id is not null), '[]') as grants
       from api_keys k join principals p on p.id = k.principal_id
       left join grants g on g.principal_id = p.id and g.valid_from <= now() and (g.valid_to is null or g.valid_to > now())
       left join regions r on r.id = g.region_id
       left join subjects s on s.id = g.subject_id
       where k.prefix = $1 and k.revoked_at is null and p.disabled_at is null
       group by p.id, k.id`,
      [prefix],
    );
    const row = rows[0] as { id: string; kind: Actor["kind"]; name: string; person_id: string | null; secret_hash: Buffer; expires_at: Date; scopes: string[]; grants: (Omit<Grant, "role"> & { role: Role })[] } | undefined;
    if (!row) {
      this.known.delete(prefix);
      return undefined;
    }
    const made: Known = {
      secretHash: row.secret_hash,
      expiresAt: row.expires_at.getTime(),
      loadedAt: Date.now(),
      actor: { id: row.id, kind: row.kind, name: row.name, personId: row.person_id, grants: row.grants, readOnly: row.scopes.length > 0 && !row.scopes.includes("write") },
    };
    if (this.known.size > 5_000) this.known.clear();
    this.known.set(prefix, made);
    return made;
  }
}
