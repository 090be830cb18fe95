import { randomUUID } from "node:crypto";
import type { PoolClient } from "pg";
import { entityNamed, relationsOf, type Entity } from "../../src/platform/entity/entity.js";
import type { District } from "./district.js";

/**
 * Rows of any entity in another district, as they could stand there: copied from what stands here, so that a new entity
 * has one with no edit. Written past the triggers, for who would tell them is nobody of these tests.
 */
export class OutOfSight {
  private readonly made = new Map<Entity, Promise<string | undefined>>();
  private count = 0;

  constructor(private readonly district: District) {}

  /** UUID of a hidden row; none of an entity all may read. */
  of(entity: Entity): Promise<string | undefined> {
    const known = this.made.get(entity) ?? this.copy(entity);
    this.made.set(entity, known);
    return known;
  }

  private async copy(entity: Entity): Promise<string | undefined> {
    const { scope } = entity;
    if (scope.kind === "shared") return undefined;
    const uuid = randomUUID();
    const over: Record<string, unknown> = { id: uuid, source_system: null, external_id: null, ...(await this.place(entity)) };
    for (const column of ["code", "write_off_no"]) over[column] = `X${(this.count += 1)}`;
    if (scope.kind === "placed" && scope.subject && scope.subject !== "id") over[scope.subject] = await this.of(entityNamed("RegulatedSubject")!);
    if (scope.kind === "cited") over["created_by"] = randomUUID();
    if (scope.kind === "through") {
      const relation = relationsOf(entity)[scope.relation]!;
      if (relation.cardinality !== "one") throw new Error(`${entity.name} is seen through many`);
      over[relation.key] = await this.of(relation.target());
    }
    await pastTriggers(this.district, async (client) => {
      const { rows } = await client.query("select string_agg(quote_ident(column_name), ', ') as columns from information_schema.columns where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER' and is_identity = 'NO'", [entity.table]);
      const { columns } = rows[0] as { columns: string };
      const { rowCount } = await client.query(`insert into ${entity.table} (${columns}) select ${columns} from (select (jsonb_populate_record(t, $1::jsonb)).* from ${entity.table} t limit 1) copied`, [JSON.stringify(over)]);
      if (rowCount !== 1) throw new Error(`there is no ${entity.name} to copy: make one in this test`);
    });
    return uuid;
  }

  private async place(entity: Entity): Promise<Record<string, unknown>> {
    if (entity.scope.kind !== "placed") return {};
    const { rows } = await this.district.database.engine.pool.query("select id as region_id, path::text as region_path, county_code, null as town_id from regions where id = $1", [this.district.regions["jiulongpo"]!.split("_")[1]]);
    return rows[0] as Record<string, unknown>;
  }
}

/** Lets rows stand in states no rule would let them into: for tests of what comes before any rule. References and uniqueness stay. */
export async function withoutRules(district: District): Promise<void> {
  const { rows } = await district.database.engine.pool.query("select conrelid::regclass::text as of_table, quote_ident(conname) as rule from pg_constraint where contype in ('c', 'x') and connamespace = 'public'::regnamespace and conrelid <> 0");
  await district.database.engine.pool.query((rows as { of_table: string; rule: string }[]).map(({ of_table: table, rule }) => `alter table ${table} drop constraint ${rule};`).join("\n"));
}

/** Work no trigger sees. */
export async function pastTriggers(district: District, work: (client: PoolClient) => Promise<unknown>): Promise<void> {
  const client = await district.database.engine.pool.connect();
  try {
    await client.query("begin");
    await client.query("set local session_replication_role = replica");
    await work(client);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
}
