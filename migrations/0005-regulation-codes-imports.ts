import type { MigrationInterface, QueryRunner } from "typeorm";
import { KEPT, listed } from "./tables.js";

/** Who regulates what and by whom in person; code lists by edition; import batches and their rows. */
export class RegulationCodesImports1700000000005 implements MigrationInterface {
  name = "RegulationCodesImports1700000000005";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(regulation);
    await runner.query(codes);
    await runner.query(imports);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ["import_batches", "code_items", "code_lists", "regulator_assignments", "regulation_relations", "responsibility_slots", "responsibility_schemes"]) await runner.query(`select untrack('${table}')`);
    await runner.query("drop table import_rows, import_batches, code_items, code_lists, regulator_assignments, regulation_relations, responsibility_slots, responsibility_schemes");
  }
}

const regulation = `
  create table responsibility_schemes (${KEPT},
    code text not null unique,
    name_zh text not null,
    name_en text not null
  );
  select track('responsibility_schemes');
  create table responsibility_slots (${KEPT},
    scheme_id uuid not null references responsibility_schemes(id),
    code text not null,
    name_zh text not null,
    name_en text not null,
    duty_text text not null,
    position integer not null,
    unique (scheme_id, code),
    unique (id, scheme_id)
  );
  select track('responsibility_slots');

  create table regulation_relations (${KEPT},
    subject_id uuid not null references subjects(id),
    organization_id uuid not null references organizations(id),
    role text not null check (role in ('LEAD', 'COOPERATE', 'GUIDE', 'COMPREHENSIVE', 'SHARED')),
    level text check (level in ('DISTRICT', 'TOWN', 'COMMUNITY', 'GRID')),
    basis text,
    override_reason text,
    valid_from timestamptz not null,
    valid_to timestamptz,
    constraint relation_period check (valid_to is null or valid_to > valid_from),
    constraint inv_01_one_lead exclude using gist (subject_id with =, tstzrange(valid_from, valid_to) with &&) where (role = 'LEAD') deferrable,
    constraint relation_once exclude using gist (subject_id with =, organization_id with =, role with =, tstzrange(valid_from, valid_to) with &&) deferrable
  );
  select track('regulation_relations');
  ${listed("regulation_relations", "", "subject_id", "organization_id")}

  create table regulator_assignments (${KEPT},
    subject_id uuid not null references subjects(id),
    scheme_id uuid not null references responsibility_schemes(id),
    slot_id uuid not null,
    person_id uuid not null references people(id),
    status text not null check (status in ('DRAFT', 'ACTIVE', 'HANDING_OVER', 'ENDED')),
    valid_from timestamptz not null,
    valid_to timestamptz,
    appointment_doc text,
    published boolean not null default false,
    foreign key (slot_id, scheme_id) references responsibility_slots(id, scheme_id),
    constraint assignment_period check (valid_to is null or valid_to > valid_from),
    constraint appointed_by_document check (status = 'DRAFT' or appointment_doc is not null),
    constraint inv_03_one_holder exclude using gist (subject_id with =, slot_id with =, tstzrange(valid_from, valid_to) with &&) where (status <> 'DRAFT') deferrable,
    constraint inv_04_one_slot_a_person exclude using gist (subject_id with =, scheme_id with =, person_id with =, tstzrange(valid_from, valid_to) with &&) where (status <> 'DRAFT') deferrable
  );
  select track('regulator_assignments');
  ${listed("regulator_assignments", "", "subject_id", "person_id")}
`;

const codes = `
  create table code_lists (${KEPT},
    code text not null,
    standard text,
    edition text not null,
    name_zh text not null,
    name_en text not null,
    valid_from date,
    valid_to date,
    unique (code, edition)
  );
  select track('code_lists');
  create table code_items (${KEPT},
    code_list_id uuid not null references code_lists(id),
    code text not null,
    name_zh text not null,
    name_en text,
    valid_from date,
    valid_to date,
    unique (code_list_id, code)
  );
  select track('code_items');
`;

const imports = `
  create table import_batches (${KEPT},
    region_path ltree,
    region_id uuid references regions(id),
    town_id uuid,
    mapping text not null,
    file_name text not null,
    file_sha256 text not null,
    datum text check (datum in ('CGCS2000', 'WGS84', 'GCJ02', 'BD09')),
    mode text not null check (mode in ('DRY_RUN', 'VALID_ROWS', 'ALL_OR_NOTHING')),
    status text not null check (status in ('RUNNING', 'DONE', 'REFUSED')),
    rows_read integer not null default 0,
    rows_created integer not null default 0,
    rows_updated integer not null default 0,
    rows_unchanged integer not null default 0,
    rows_rejected integer not null default 0,
    problem jsonb,
    constraint every_row_told check (status <> 'DONE' or rows_read = rows_created + rows_updated + rows_unchanged + rows_rejected)
  );
  select track('import_batches');
  ${listed("import_batches", "", "county_code")}

  create table import_rows (
    id uuid primary key,
    batch_id uuid not null references import_batches(id),
    line integer not null,
    outcome text not null check (outcome in ('CREATED', 'UPDATED', 'UNCHANGED', 'REJECTED')),
    external_id text,
    entity_global_id text,
    problems jsonb,
    doubts text[] not null default '{}',
    created_at timestamptz not null default now(),
    unique (batch_id, line),
    constraint rejected_with_reason check (outcome <> 'REJECTED' or jsonb_array_length(problems) > 0)
  );
  create trigger append_only before update or delete or truncate on import_rows for each statement execute function append_only();
`;
