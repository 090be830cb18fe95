import type { PoolClient } from "pg";

/** Assesses risks by plain SQL, each at the level given: inputs that give the level by LEC, and the risk set to rest on them. For what the actions would not let through. */
export async function assessPlainly(client: Pick<PoolClient, "query">, risks: readonly { id: string; level: string }[], also = ""): Promise<void> {
  await client.query(
    `with made as (
       insert into risk_assessments (id, risk_id, method, method_version_id, inputs, score, computed_level, stage, assessed_at)
       select gen_random_uuid(), r.id, 'LEC', o.version_id, o.inputs, o.score, o.level, 'CURRENT', now()
       from json_to_recordset($1) r(id uuid, level text)
       cross join lateral (select o.* from assessment_outcomes o join assessment_method_versions v on v.id = o.version_id join assessment_methods m on m.id = v.method_id where m.code = 'LEC' and o.level = r.level order by o.score limit 1) o
       returning id, risk_id, computed_level)
     update risks r set current_assessment_id = made.id, current_level = made.computed_level${also} from made where r.id = made.risk_id`,
    [JSON.stringify(risks)],
  );
}
