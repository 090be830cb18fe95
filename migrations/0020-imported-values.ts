import type { MigrationInterface, QueryRunner } from "typeorm";

/** What a file last brought, so that a file is compared with the file before it and what was done here since stands; who reads the reports of imports. */
export class ImportedValues1700000000020 implements MigrationInterface {
  name = "ImportedValues1700000000020";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(importedValues);
    await runner.query(batches);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index import_batches_by_maker, import_batches_history_by_maker;
      drop table imported_values;
    `);
  }
}

const importedValues = `
  create table imported_values (
    entity text not null,
    entity_id uuid not null,
    source_system text not null,
    external_id text not null,
    digests jsonb not null,
    versions jsonb not null,
    batch_id uuid not null,
    file_sha256 text not null,
    imported_at timestamptz not null default now(),
    primary key (entity_id, source_system, external_id)
  );
  create index imported_values_by_key on imported_values (entity, source_system, external_id);
  create trigger require_unit after insert or update or delete on imported_values for each statement execute function require_unit();
  comment on table imported_values is '每个导入行最近一次由文件带来的内容,供下次导入与之比较;只存文件各字段的摘要(以该行标识加盐)与各字段由文件写成的版本;内容本身在该版本中,不另留副本 / what a file last brought for each imported row, for the next file to be compared with: digests of the file''s fields, salted by the row''s id, and for each field of the row the version in which a file last wrote it; the values themselves stand in that version and in no copy beside it';
`;

const batches = `
  create index import_batches_by_maker on import_batches (created_by, updated_at desc, id desc);
  create index import_batches_history_by_maker on import_batches_history (created_by, updated_at desc, id desc, recorded_to);
`;
