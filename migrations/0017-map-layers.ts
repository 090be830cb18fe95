import type { MigrationInterface, QueryRunner } from "typeorm";

/** What the further layers of the map rest on: when coverage last changed by itself. */
export class MapLayers1700000000017 implements MigrationInterface {
  name = "MapLayers1700000000017";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(turns);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query("drop index regulation_relations_begin, regulation_relations_end, regulator_assignments_begin, regulator_assignments_end");
  }
}

/** The last relation or term that began or ended is asked for with every tile that shows coverage. */
const turns = ["regulation_relations", "regulator_assignments"]
  .map(
    (table) => `
  create index ${table}_begin on ${table} (valid_from);
  create index ${table}_end on ${table} (valid_to) where valid_to is not null;`,
  )
  .join("\n");
