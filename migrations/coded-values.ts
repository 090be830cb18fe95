import { add, KEPT } from "./tables.js";

/** Editions of a list side by side, and how the codes of one stand in another. Part of 0008. */
export const editions = `
  ${add("code_lists", "default_from date", "provisional boolean not null default false")}
  comment on column code_lists.default_from is '自此日起未写明版本者按本版本;空则同启用日期 / from this day a code without edition is of this one; its valid_from where empty';
  create table code_mappings (${KEPT},
    from_item_id uuid not null references code_items(id),
    to_item_id uuid not null references code_items(id),
    note text,
    constraint code_mapped_once unique (from_item_id, to_item_id),
    constraint code_mapped_elsewhere check (from_item_id <> to_item_id)
  );
  comment on table code_mappings is '新旧版本代码对应,一对多,仅供人工选择,从不自动转换 / codes of one edition in another, one to many, for people to choose from; never applied by itself';
  select track('code_mappings');
  create index on code_mappings (to_item_id);
  ${add("risks", "accident_type_edition text")}
`;

/** Codes judged as other tables use them: column, list, and the column that names the edition where there is one. */
const guard = (table: string, fn: string, { codes, waits, enters }: { codes: readonly (readonly [column: string, list: string, edition?: string])[]; waits: string; enters: string }) => `
  create function ${fn}() returns trigger language plpgsql as $$
  declare
    day date := (new.created_at at time zone 'Asia/Shanghai')::date;
    flaw record;
  begin
    ${codes.filter(([, , edition]) => edition).map(([column, list, edition]) => `if new.${column} is null then new.${edition} := null; elsif new.${edition} is null then new.${edition} := code_edition('${list}', day); end if;`).join("\n")}
    if tg_op = 'UPDATE' then
      if not (${codes.flatMap(([column, , edition]) => [column, ...(edition ? [edition] : [])]).map((column) => `new.${column} is distinct from old.${column}`).join(" or ")} or new.quality <> old.quality or (new.status <> old.status and (${enters}))) then return new; end if;
    end if;
    select c.* into flaw from (values ${codes.map(([column, list, edition]) => `('${list}', ${edition ? `new.${edition}` : "null::text"}, new.${column})`).join(", ")}) c(list, edition, code) where not code_is_valid(c.list, c.edition, c.code, day) limit 1;
    if not found then
      new.quality := array_remove(new.quality, 'CODE_NOT_VALID');
    elsif not (${waits} and 'CODE_NOT_VALID' = any(new.quality)) then
      perform refuse_code(flaw.list, flaw.edition, flaw.code, day);
    end if;
    return new;
  end $$;
  create trigger d_codes before insert or update of ${[...codes.flatMap(([column, , edition]) => [column, ...(edition ? [edition] : [])]), "quality", "status"].join(", ")} on ${table} for each row execute function ${fn}();
`;

/** INV-24: a code is one of an edition valid on the day of registration. What an import brings may wait with the doubt told, but not come into force. */
export const codes = `
  create function code_edition(of_list text, on_day date) returns text language sql stable as $$
    select edition from code_lists
    where code = of_list and (valid_from is null or valid_from <= on_day) and (valid_to is null or valid_to > on_day)
    order by coalesce(default_from, valid_from, '-infinity') <= on_day desc, coalesce(default_from, valid_from, '-infinity') desc limit 1
  $$;
  comment on function code_edition(text, date) is '某日未写明版本时所指的版本 / the edition meant on a day where none is named';

  -- GB/T 13861 is held to its second layer: a code of a lower layer is judged by the two digits it begins with. With no edition known for the day nothing can be said.
  create function code_is_valid(of_list text, of_edition text, stated text, on_day date) returns boolean language sql stable as $$
    select stated is null or coalesce((
      select bool_or(i.id is not null)
      from code_lists l left join code_items i on i.code_list_id = l.id
        and i.code = case when of_list = 'hazardFactor' and stated ~ '^[0-9]{3,6}$' then left(stated, 2) else stated end
        and (i.valid_from is null or i.valid_from <= on_day) and (i.valid_to is null or i.valid_to > on_day)
      where l.code = of_list and (of_edition is null or l.edition = of_edition) and (l.valid_from is null or l.valid_from <= on_day) and (l.valid_to is null or l.valid_to > on_day)
    ), of_edition is null)
  $$;

  create function refuse_code(of_list text, of_edition text, stated text, on_day date) returns void language plpgsql as $$
  declare
    judged text := coalesce(of_edition, code_edition(of_list, on_day));
  begin
    raise exception '代码 % 不在 % 有效的 % 代码表(版本 %)内 / code % is not in the list %, edition %, valid on %', stated, on_day, of_list, judged, stated, of_list, judged, on_day
      using errcode = '23514', constraint = 'inv_24_code_valid', detail = jsonb_build_object('list', of_list, 'edition', judged, 'stated', stated, 'day', on_day)::text;
  end $$;

  ${guard("risks", "risk_codes", { codes: [["sector", "sector"], ["hazard_factor", "hazardFactor"], ["accident_type", "accidentType", "accident_type_edition"], ["disaster_type", "disasterType"]], waits: "new.status = 'IDENTIFIED'", enters: "old.status = 'IDENTIFIED' or new.status = 'IN_FORCE'" })}
  ${guard("subjects", "subject_codes", { codes: [["sector", "sector"], ["disaster_type", "disasterType"]], waits: "new.status = 'UNCONFIRMED'", enters: "old.status = 'UNCONFIRMED' or new.status = 'ACTIVE'" })}
  ${guard("hidden_dangers", "hidden_danger_codes", { codes: [["sector", "sector"]], waits: "(new.status = 'REPORTED' or new.origin = 'EXTERNAL')", enters: "old.status = 'REPORTED'" })}

  -- The edition of the codes that stand is the one they meant.
  alter table risks disable trigger user;
  update risks set accident_type_edition = code_edition('accidentType', (created_at at time zone 'Asia/Shanghai')::date) where accident_type is not null;
  alter table risks enable trigger user;
  alter table risks_history disable trigger append_only;
  update risks_history set accident_type_edition = code_edition('accidentType', (created_at at time zone 'Asia/Shanghai')::date) where accident_type is not null;
  alter table risks_history enable trigger append_only;
`;
