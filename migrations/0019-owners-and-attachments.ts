import type { MigrationInterface, QueryRunner } from "typeorm";

/** Whose what all may read is, keys of other systems that are a county's own, and by what attachments are seen. */
export class OwnersAndAttachments1700000000019 implements MigrationInterface {
  name = "OwnersAndAttachments1700000000019";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(owners);
    await runner.query(keysBy(["source_system", "external_id"], ["source_system", "external_id", "county_code"], "_external_key"));
    await runner.query(grids);
    await runner.query(citing);
    await runner.query(refusal);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function not_cited(text, text);
      drop index hidden_danger_evidence_by_attachment, hidden_danger_evidence_history_by_attachment, risk_evidence_by_attachment, risk_evidence_history_by_attachment,
        review_round_documents_by_attachment, review_round_documents_history_by_attachment;
      alter table grids drop constraint grids_code, add constraint grids_code unique (code);
    `);
    await runner.query(keysBy(["source_system", "external_id", "county_code"], ["source_system", "external_id"], "_source_system_external_id_key"));
    await runner.query("select drop_tracked_column('assessment_methods', 'owner_region_id'), drop_tracked_column('code_lists', 'owner_region_id')");
  }
}

const owners = `
  select add_tracked_column('code_lists', 'owner_region_id uuid references regions(id)'), add_tracked_column('assessment_methods', 'owner_region_id uuid references regions(id)');
  comment on column code_lists.owner_region_id is '所属区划;为空则为全树通用 / the place it belongs to; null for the whole tree';
  comment on column assessment_methods.owner_region_id is '所属区划;为空则为全树通用 / the place it belongs to; null for the whole tree';
`;

/** Of every tracked table: a key another system gave is one within a county, so that no county meets, or learns of, another's. */
const keysBy = (before: readonly string[], after: readonly string[], name: string) => `
  do $$ declare
    of_table text;
    known name;
  begin
    for of_table in select name from tracked_tables order by name loop
      for known in
        select c.conname from pg_constraint c where c.conrelid = of_table::regclass and c.contype = 'u' and (
          select array_agg(a.attname::text order by k.place)
          from unnest(c.conkey) with ordinality k(number, place) join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.number) = array[${before.map((column) => `'${column}'`).join(", ")}]
      loop
        execute format('alter table %I drop constraint %I', of_table, known);
        execute format('alter table %I add constraint %I unique (${after.join(", ")})', of_table, of_table || '${name}');
      end loop;
    end loop;
  end $$;
`;

/** A number already taken in another county is none of this one's business. */
const grids = "alter table grids drop constraint grids_code, add constraint grids_code unique (code, county_code)";

const citing = ["hidden_danger_evidence", "risk_evidence", "review_round_documents"]
  .map((table) => `create index ${table}_by_attachment on ${table} (attachment_id); create index ${table}_history_by_attachment on ${table}_history (attachment_id, recorded_to);`)
  .join("\n");

const refusal = `
  create function not_cited(entity text, field text) returns boolean language plpgsql volatile as $$
  begin
    raise exception '在您的范围内没有该对象 / no such object within your scope' using errcode = 'YG404', detail = jsonb_build_object('entity', entity, 'field', field)::text;
  end $$;
  comment on function not_cited(text, text) is '拒绝指名不可见或不存在者,二者无别 / refuses what is named and not seen, or not there, without telling which';
`;
