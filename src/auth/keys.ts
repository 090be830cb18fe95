import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { BlockList, isIP } from "node:net";
import type { Pool } from "pg";
import { PUBLIC_ACTOR, type Actor, type Grant, type Role } from "../platform/actor.js";
import { Fault } from "../platform/fault.js";
import { KeyUses } from "./key-uses.js";

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
  id: string;
  secretHash: Buffer;
  actor: Actor;
  /** Addresses the key may be used from; null for any. */
  from: BlockList | null;
  expiresAt: number;
  loadedAt: number;
}

/** A revoked key is dead, and a policy on coordinates in force, within this time on every node. */
const REMEMBERED_MS = 3_000;
/** Keys, headers and unknown prefixes remembered at once. */
const MOST_REMEMBERED = 5_000;
/** Layers whose policies keep decimals from every one of the roles: of several audiences the most generous holds. */
const COARSE_LAYERS = (roles: string) =>
  `(select coalesce(json_agg(layer order by layer), '[]') from (select p.layer from coordinate_policies p where p.decimals is not null and p.audience = any(${roles}) group by p.layer having count(*) = (select count(distinct role) from unnest(${roles}) role)) c)`;

const isFresh = ({ loadedAt }: Pick<Known, "loadedAt">) => Date.now() - loadedAt < REMEMBERED_MS;

/** Remembers what is newest, and lets go of what was first. */
function remember<T>(kept: Map<string, T>, key: string, value: T): void {
  kept.delete(key);
  if (kept.size >= MOST_REMEMBERED) kept.delete(kept.keys().next().value as string);
  kept.set(key, value);
}

/** Ranges as PostgreSQL writes a cidr. */
function rangesOf(cidrs: readonly string[] | null): BlockList | null {
  if (cidrs === null) return null;
  const ranges = new BlockList();
  for (const cidr of cidrs) {
    const [network, bits] = cidr.split("/") as [string, string | undefined];
    const family = isIP(network) === 6 ? "ipv6" : "ipv4";
    ranges.addSubnet(network, Number(bits ?? (family === "ipv6" ? 128 : 32)), family);
  }
  return ranges;
}

/** Whether an address lies in the ranges; one of IPv4 may come written as one of IPv6, and with the name of an interface. */
function isWithin(ranges: BlockList, address: string | undefined): boolean {
  const plain = address?.split("%")[0]!.replace(/^::ffff:(?=\d+\.)/i, "") ?? "";
  const family = isIP(plain);
  return family !== 0 && ranges.check(plain, family === 6 ? "ipv6" : "ipv4");
}

/** Turns a bearer key into an actor with its grants in force. No key: the public. A bad one, or one from elsewhere: UNAUTHENTICATED. */
export class Keys {
  private readonly known = new Map<string, Known>();
  /** Headers proven a moment ago, so that a busy client's secret is not hashed for every request. */
  private readonly proven = new Map<string, Known>();
  /** Prefixes there were none of a moment ago. */
  private readonly unknown = new Map<string, Pick<Known, "loadedAt">>();
  private readonly asking = new Map<string, Promise<Known | undefined>>();
  private everybody: { loadedAt: number; actor: Promise<Actor> } | undefined;
  private readonly uses: KeyUses;

  constructor(private readonly pool: Pool) {
    this.uses = new KeyUses(pool);
  }

  /** @param address of the client, as far as it can be trusted; a key bound to ranges is none from anywhere else. */
  async actorOf(authorization: string | undefined, address: string | undefined): Promise<Actor> {
    if (authorization === undefined) return this.public();
    const known = await this.prove(authorization);
    if (!known || (known.from && !isWithin(known.from, address))) throw new Fault("UNAUTHENTICATED", {});
    this.uses.note(known.id);
    return known.actor;
  }

  /** Writes the last uses not yet written. */
  stop(): Promise<void> {
    return this.uses.stop();
  }

  private async prove(authorization: string): Promise<Known | undefined> {
    const before = this.proven.get(authorization);
    if (before && isFresh(before) && before.expiresAt >= Date.now()) return before;
    const [, prefix, secret] = KEY.exec(/^Bearer ([\x21-\x7e]{1,200})$/i.exec(authorization)?.[1] ?? "") ?? [];
    if (!prefix || !secret) return undefined;
    const known = await this.lookUp(prefix);
    if (!known || !timingSafeEqual(known.secretHash, hash(secret)) || known.expiresAt < Date.now()) return undefined;
    remember(this.proven, authorization, known);
    return known;
  }

  /** The public, as the policies of the moment let it see; where they cannot be asked, as one who may be held to any. */
  private public(): Promise<Actor> {
    if (this.everybody && isFresh(this.everybody)) return this.everybody.actor;
    const forget = () => {
      this.everybody = undefined;
      return PUBLIC_ACTOR;
    };
    const actor = this.pool.query(`select ${COARSE_LAYERS("$1::text[]")} as layers`, [["PUBLIC"]]).then(({ rows }): Actor => ({ ...PUBLIC_ACTOR, coarseLayers: (rows[0] as { layers: string[] }).layers }), forget);
    this.everybody = { loadedAt: Date.now(), actor };
    return actor;
  }

  private lookUp(prefix: string): Promise<Known | undefined> | Known | undefined {
    const remembered = this.known.get(prefix);
    if (remembered && isFresh(remembered)) return remembered;
    const absent = this.unknown.get(prefix);
    if (absent && isFresh(absent)) return undefined;
    // Requests that come at once with one key ask once.
    const asked = this.asking.get(prefix) ?? this.load(prefix).finally(() => this.asking.delete(prefix));
    this.asking.set(prefix, asked);
    return asked;
  }

  private async load(prefix: string): Promise<Known | undefined> {
    const { rows } = await this.pool.query(
      `select k.id as key_id, p.id, p.kind, p.name, p.person_id, k.secret_hash, k.expires_at, k.scopes, k.ip_ranges::text[] as ip_ranges,
         coalesce(json_agg(json_build_object('role', g.role, 'regionPath', r.path::text, 'countyCode', nullif(r.county_code, '000000'), 'townId', case r.level when 'TOWN' then r.id when 'VILLAGE' then (select t.id from regions t where t.id = r.parent_id and t.level = 'TOWN') end, 'whole', case r.level when 'TOWN' then 'town' when 'DISTRICT' then 'county' end, 'sectors', g.sectors, 'subjectId', g.subject_id, 'subjectRegionPath', s.region_path::text, 'subjectCountyCode', nullif(s.county_code, '000000')) order by g.id) filter (where g.id is not null), '[]') as grants,
         ${COARSE_LAYERS("coalesce(array_agg(g.role) filter (where g.id is not null), '{PUBLIC}')")} as coarse_layers
       from api_keys k join principals p on p.id = k.principal_id
       left join grants g on g.principal_id = p.id and g.valid_from <= now() and (g.valid_to is null or g.valid_to > now())
       left join regions r on r.id = g.region_id
       left join subjects s on s.id = g.subject_id
       where k.prefix = $1 and k.revoked_at is null and p.disabled_at is null
       group by p.id, k.id`,
      [prefix],
    );
    const row = rows[0] as { key_id: string; id: string; kind: Actor["kind"]; name: string; person_id: string | null; secret_hash: Buffer; expires_at: Date; scopes: string[]; ip_ranges: string[] | null; grants: (Omit<Grant, "role"> & { role: Role })[]; coarse_layers: string[] } | undefined;
    if (!row) {
      this.known.delete(prefix);
      // Apart from the known: guesses do not push keys in use out of memory.
      remember(this.unknown, prefix, { loadedAt: Date.now() });
      return undefined;
    }
    const made: Known = {
      id: row.key_id,
      secretHash: row.secret_hash,
      from: rangesOf(row.ip_ranges),
      expiresAt: row.expires_at.getTime(),
      loadedAt: Date.now(),
      actor: { id: row.id, kind: row.kind, name: row.name, personId: row.person_id, grants: row.grants, readOnly: row.scopes.length > 0 && !row.scopes.includes("write"), coarseLayers: row.coarse_layers },
    };
    remember(this.known, prefix, made);
    return made;
  }
}
