import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Ledgers are read in the order of their codes, page after page and as of any instant: each page begins where an index does.
 * What comes back from a workbook has several sheets, whose lines are counted each from one.
 */
export class Ledgers1700000000011 implements MigrationInterface {
  name = "Ledgers1700000000011";

  async up(runner: QueryRunner): Promise<void> {
    for (const table of LISTED) await runner.query(`create index ${table}_by_code on ${table} (code, id); create index ${table}_history_by_code on ${table}_history (code, id, recorded_to);`);
    await runner.query(`
      alter table import_rows add column sheet text not null default '';
      alter table import_rows drop constraint import_rows_batch_id_line_key;
      alter table import_rows add constraint import_rows_once unique (batch_id, sheet, line);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table import_rows drop constraint import_rows_once;
      alter table import_rows drop column sheet;
      alter table import_rows add constraint import_rows_batch_id_line_key unique (batch_id, line);
    `);
    for (const table of LISTED) await runner.query(`drop index ${table}_by_code, ${table}_history_by_code`);
  }
}

const LISTED = ["subjects", "risks", "hidden_dangers"];
