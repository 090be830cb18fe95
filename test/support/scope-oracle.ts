import type { Pool } from "pg";
import type { Role } from "../../src/platform/actor.js";
import { allActions, type Action } from "../../src/platform/actions.js";
import { allEntities, entityNamed, globalId, type Entity } from "../../src/platform/entity/entity.js";

/** A grant as its table has it, with the path of its region. */
export interface HeldGrant {
  /** Whose it is. */
  principal: string;
  role: Role;
  path: string | null;
  sectors: string[] | null;
  subject: string | null;
}

interface TableRow extends Record<string, unknown> {
  id: string;
}

const NO_BUSINESS = ["PUBLIC", "SYSTEM_ADMIN", "SECURITY_ADMIN", "AUDIT_ADMIN"];
const LINE = ["TOWN_REGULATOR", "TOWN_LEADER", "SECTOR_REGULATOR", "SECTOR_LEADER", "COMMITTEE_OFFICE", "DISTRICT_LEADER", "AUDITOR"];
const beneath = (path: unknown, area: string) => typeof path === "string" && (area === "" || path === area || path.startsWith(`${area}.`));

/**
 * Who may see and do what, told once more from the tables and one grant at a time: a row is seen if one single grant sees
 * it, and acted on if one single grant both covers it and has a role that may.
 */
export class ScopeOracle {
  private readonly tables = new Map<Entity, Map<string, TableRow>>();

  private constructor(private readonly held: ReadonlyMap<string, readonly HeldGrant[]>) {}

  static async read(pool: Pool): Promise<ScopeOracle> {
    const { rows } = await pool.query(
      "select p.id as principal, p.name, g.role, r.path::text as path, g.sectors, g.subject_id as subject from principals p join grants g on g.principal_id = p.id left join regions r on r.id = g.region_id where g.valid_to is null or g.valid_to > now() order by p.name",
    );
    const held = new Map<string, HeldGrant[]>();
    for (const { name, ...grant } of rows as (HeldGrant & { name: string })[]) held.set(name, [...(held.get(name) ?? []), grant]);
    const oracle = new ScopeOracle(held);
    for (const entity of allEntities()) {
      if (entity.versionsOf) continue;
      const found = (await pool.query(`select * from ${entity.table}`)).rows as TableRow[];
      oracle.tables.set(entity, new Map(found.map((row) => [row.id, row])));
    }
    return oracle;
  }

  grantsOf(name: string): readonly HeldGrant[] {
    return this.held.get(name) ?? [{ principal: "", role: "PUBLIC", path: null, sectors: null, subject: null }];
  }

  rows(entity: Entity): TableRow[] {
    return [...this.tables.get(entity)!.values()];
  }

  /** Global ids of the rows an actor sees, in the order of their UUIDs. */
  seen(name: string, entity: Entity): string[] {
    return this.rows(entity).filter((row) => this.sees(name, entity, row)).map(({ id }) => globalId(entity, id)).toSorted();
  }

  sees(name: string, entity: Entity, row: TableRow): boolean {
    return this.grantsOf(name).some((grant) => this.covers(grant, entity, row) || this.isOwnMaking(grant, entity, row));
  }

  /** What a principal made, where its entity says that this is enough. */
  private isOwnMaking({ principal }: HeldGrant, { scope }: Entity, row: TableRow): boolean {
    return scope.kind === "placed" && scope.maker === true && principal !== "" && row["created_by"] === principal;
  }

  /** Whether a grant of the line of supervision covers a row. */
  inLine(name: string, entity: Entity, row: TableRow): boolean {
    return this.grantsOf(name).some((grant) => LINE.includes(grant.role) && this.covers(grant, entity, row));
  }

  /** Whether a person's own numbers are told in clear. */
  tellsPersonal(name: string, person: TableRow): boolean {
    return this.grantsOf(name).some((grant) => LINE.includes(grant.role) && (this.covers(grant, entityNamed("Person")!, person) || (grant.path !== null && beneath(grant.path, String(person["region_path"])))));
  }

  /** How an act on a row begins: refused for the role, not found, or as far as its version. */
  begins(name: string, action: Action, row: TableRow): "FORBIDDEN" | "NOT_FOUND" | "CONFLICT" {
    const able = this.grantsOf(name).filter(({ role }) => action.by.includes(role));
    if (able.length === 0) return "FORBIDDEN";
    return able.some((grant) => this.covers(grant, action.on, row)) ? "CONFLICT" : "NOT_FOUND";
  }

  private covers(grant: HeldGrant, entity: Entity, row: TableRow): boolean {
    const { scope, readers } = entity;
    if (readers ? !readers.includes(grant.role) : NO_BUSINESS.includes(grant.role) && scope.kind !== "shared") return false;
    if (scope.kind === "shared") return scope.public === true || grant.role !== "PUBLIC";
    if (scope.kind === "through") {
      const relation = entity.relations[scope.relation]!;
      const parent = this.tables.get(relation.target())!.get(String(row[relation.key!]));
      return parent !== undefined && this.covers(grant, relation.target(), parent);
    }
    if (scope.kind !== "placed") throw new Error(`${entity.name}: the oracle knows no scope of this kind`);
    if (grant.subject) return scope.subject !== undefined && row[scope.subject] === grant.subject;
    if (grant.path === null) return false;
    if (grant.sectors && scope.sector && !grant.sectors.includes(String(row[scope.sector]))) return false;
    if (row["region_path"] === null) return scope.placeless === true && !grant.path.includes(".") && !(grant.sectors && scope.sector);
    return beneath(row["region_path"], grant.path);
  }
}

/** Actions on a row that ask for nothing but its version: with a stale one they show whether they would begin, and change nothing. */
export const bareActions = (): [name: string, action: Action][] =>
  [...allActions()].filter(([, action]) => !action.creates && action.on.scope.kind !== "shared" && Object.values(action.input).every((field) => !field.required));
