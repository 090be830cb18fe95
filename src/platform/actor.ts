import { enumeration } from "./entity/enumeration.js";

/** Who may ask and act. Source: domain roles of graded supervision and the three administrators (GB/T 22239-2019). */
export const roleEnum = enumeration("Role", { zh: "角色", en: "role" }, {
  PUBLIC: ["公众", "the public"],
  ENTERPRISE_REPORTER: ["企业填报员", "enterprise reporter"],
  ENTERPRISE_PRINCIPAL: ["企业主要负责人", "enterprise principal"],
  GRID_WORKER: ["网格员", "grid worker"],
  TOWN_REGULATOR: ["街镇监管员", "town regulator"],
  TOWN_LEADER: ["街镇领导", "town leader"],
  SECTOR_REGULATOR: ["行业部门监管员", "sector regulator"],
  SECTOR_LEADER: ["行业部门负责人", "sector leader"],
  COMMITTEE_OFFICE: ["安委办(综合监管)", "committee office"],
  DISTRICT_LEADER: ["区领导", "district leader"],
  EXPERT: ["专家", "expert"],
  THIRD_PARTY: ["第三方机构", "third party"],
  AUDITOR: ["督查、纪检、审计", "auditor"],
  INTEGRATION_CLIENT: ["对接系统", "integrating system"],
  SYSTEM_ADMIN: ["系统管理员", "system administrator"],
  SECURITY_ADMIN: ["安全管理员", "security administrator"],
  AUDIT_ADMIN: ["审计管理员", "audit administrator"],
  SYSTEM: ["系统", "the service itself"],
  IMPORT: ["导入", "the import"],
  SEED: ["初始化", "the seeding command"],
});
export type Role = (typeof roleEnum.values)[number];

/** One reason to see and act: a role within an area, a list of sectors, or one's own subject. */
export interface Grant {
  role: Role;
  /** ltree path of the region whose subtree the grant covers; null when the grant is by subject only. */
  regionPath: string | null;
  /** Six-digit code of the county the area lies in; null above county level. */
  countyCode: string | null;
  /** UUID of the town the area is or lies in; absent above town level. */
  townId?: string | null;
  /** The area is that county, or that town, whole: then its column says all that the path would. */
  whole?: "county" | "town" | null;
  sectors: readonly string[] | null;
  subjectId: string | null;
  /** Of a grant by subject only: ltree path and county of the region the subject lies in, where what its holder does is placed. */
  subjectRegionPath?: string | null;
  subjectCountyCode?: string | null;
}

/** The caller of a request, known by key; or the public. */
export interface Actor {
  id: string;
  kind: "CLIENT" | "PERSON" | "SYSTEM" | "PUBLIC";
  name: string;
  personId: string | null;
  grants: readonly Grant[];
  /** The key was given for reading only; its grants then let it see and not act. */
  readOnly?: boolean;
  /** Layers whose coordinates a policy keeps coarse from the actor; absent where nobody has looked, and then any may be. */
  coarseLayers?: readonly string[];
}

const READS_NO_BUSINESS: ReadonlySet<Role> = new Set(["PUBLIC", "SYSTEM_ADMIN", "SECURITY_ADMIN", "AUDIT_ADMIN"]);

/**
 * An actor as he stands towards one row: with those of his grants that cover it and may do what he is about to do, and no
 * others. Only of him may a rule ask for a role: a role held elsewhere says nothing here.
 */
export interface Acting extends Actor {
  readonly covers: true;
}

/** The actor with some of his grants: no other lends its area or its role. */
export const withGrants = (actor: Actor, holds: (grant: Grant) => boolean): Acting => ({ ...actor, grants: actor.grants.filter(holds), covers: true });

export const hasRole = (acting: Acting, ...roles: readonly Role[]) => acting.grants.some((grant) => roles.includes(grant.role));

/** Every role with a business view: readers of what all of them share and the public does not see. */
export const BUSINESS_READERS: readonly Role[] = roleEnum.values.filter((role) => !READS_NO_BUSINESS.has(role));

/** Whether a grant reads rows kept for the named roles, or those of every role with a business view where none are named. */
export const readsBy = ({ role }: Grant, readers?: readonly Role[]) => (readers ? readers.includes(role) : !READS_NO_BUSINESS.has(role));

/** A grant over the whole tree of places, or over one of its roots. */
export const isOfRoot = ({ regionPath }: Grant) => regionPath !== null && !regionPath.includes(".");

/** Whether an actor holds one of the roles anywhere: it says that something may be told of some row, never of which. */
export const hasGrant = (actor: Actor, roles: readonly Role[]) => actor.grants.some(({ role }) => roles.includes(role));

/** Where an actor stands: the narrowest region that holds all his areas, and its county where it has one. What he does that lies nowhere else is placed there. */
export interface Standing {
  path: string;
  countyCode: string | null;
}

const standings = new WeakMap<Actor, { at: Standing | null }>();

export function standingOf(actor: Actor): Standing | null {
  const known = standings.get(actor);
  if (known) return known.at;
  const places = actor.grants.map((grant) => ({ path: grant.regionPath ?? grant.subjectRegionPath ?? null, county: grant.countyCode ?? grant.subjectCountyCode ?? null }));
  const at = places.length === 0 || places.some(({ path }) => path === null) ? null : narrowest(places as { path: string; county: string | null }[]);
  standings.set(actor, { at });
  return at;
}

function narrowest(places: readonly { path: string; county: string | null }[]): Standing | null {
  const [first, ...others] = places.map(({ path }) => path.split("."));
  const depth = others.reduce((most, path) => {
    const parts = first!.slice(0, most).findIndex((label, at) => path[at] !== label);
    return parts < 0 ? most : parts;
  }, first!.length);
  const path = first!.slice(0, depth).join(".");
  if (path === "") return null;
  // Several counties have no county of their own.
  const countyCode = new Set(places.map(({ county }) => county)).size === 1 ? places[0]!.county : null;
  return { path, countyCode };
}

export const PUBLIC_ACTOR: Actor = {
  id: "00000000-0000-0000-0000-000000000000",
  kind: "PUBLIC",
  name: "公众 / public",
  personId: null,
  grants: [{ role: "PUBLIC", regionPath: null, countyCode: null, sectors: null, subjectId: null }],
};
