import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { migrate, revert } from "../../src/platform/db/migrate.js";
import { freshDatabase, inUnit } from "../support/database.js";
import { seeded } from "../support/methods.js";

const OLD = {
  LEC: { inputs: { L: [10, 6, 3, 1, 0.5, 0.2, 0.1], E: [10, 6, 3, 2, 1, 0.5], C: [100, 40, 15, 7, 3, 1] }, bands: [{ level: "MAJOR", from: 320, exclusive: true }, { level: "CONSIDERABLE", from: 160 }, { level: "MODERATE", from: 70 }, { level: "LOW", from: 0 }] },
  LS: { inputs: { L: [1, 2, 3, 4, 5], S: [1, 2, 3, 4, 5] }, bands: [{ level: "MAJOR", from: 20 }, { level: "CONSIDERABLE", from: 15 }, { level: "MODERATE", from: 9 }, { level: "LOW", from: 0 }] },
  LOCAL: { inputs: { B: [1, 2], A: [0.5] }, bands: [{ level: "LOW", from: 0 }] },
};

/** A register of before: methods as lists by code, assessments that name their version in words, risks that do not name their assessment. */
test("what was assessed before methods were data is taken over, its past included, and can be taken back", async () => {
  const database = await freshDatabase({ migrated: false });
  const { engine } = database;
  const query = async (text: string, values: unknown[] = []) => (await engine.pool.query(text, values)).rows as Record<string, unknown>[];
  try {
    const ran = await migrate(engine);
    await revert(engine, ran.length - ran.findIndex((name) => name.startsWith("AssessmentMethods")));
    const [risk, subject, region] = [randomUUID(), randomUUID(), randomUUID()];
    const assess = (inputs: Record<string, number>, score: number, level: string, reason: string | null, change: string) =>
      inUnit(engine, async (client) => {
        await client.query("insert into risk_assessments (id, risk_id, method, method_version, inputs, score, computed_level, direct_major_reason, stage, assessed_at) values ($1, $2, 'LEC', '2023', $3, $4, $5, $6, 'CURRENT', now())", [randomUUID(), risk, JSON.stringify(inputs), score, level, reason]);
        await client.query(`update risks set current_level = $2, ${change} where id = $1`, [risk, level]);
      });
    await inUnit(engine, async (client) => {
      for (const [code, definition] of Object.entries(OLD)) {
        const id = randomUUID();
        await client.query("insert into assessment_methods (id, code, name_zh, name_en) values ($1, $2, $2, $2)", [id, code]);
        await client.query("insert into assessment_method_versions (id, method_id, version_code, definition, valid_from) values ($1, $2, $3, $4, '2008-02-01')", [randomUUID(), id, code === "LS" ? "2016" : "2023", JSON.stringify(definition)]);
      }
      await client.query("insert into regions (id, code, name, level) values ($1, '500112000000', 'yubei', 'DISTRICT')", [region]);
      await client.query("insert into subjects (id, region_id, code, name, kind) values ($1, $2, 'JG-1', '示例', 'KEY_FACILITY')", [subject, region]);
      await client.query("insert into risks (id, region_id, code, name, domain, subject_id, status) values ($1, $2, 'R-1', '示例', 'WORK_SAFETY', $3, 'IDENTIFIED')", [risk, region, subject]);
    });
    await pause(5);
    await assess({ L: 3, E: 6, C: 15 }, 270, "CONSIDERABLE", null, "status = 'ASSESSED'");
    await pause(5);
    await inUnit(engine, (client) => client.query("update risks set name = '更名' where id = $1", [risk]));
    await pause(5);
    await assess({ L: 0.1, E: 0.5, C: 3 }, 0.15, "MAJOR", "LAW_VIOLATED", "name = '再评'");
    const versionsOf = () => query("select version, recorded_from from risks where id = $1 union all select version, recorded_from from risks_history where id = $1 order by version", [risk]);
    const before = await versionsOf();

    const again = await migrate(engine);
    expect(again).toContain(ran.find((name) => name.startsWith("AssessmentMethods")));
    const definitions = new Map((await query("select m.code, v.definition, v.status, v.version from assessment_method_versions v join assessment_methods m on m.id = v.method_id")).map((row) => [row["code"], row]));
    expect(definitions.get("LEC")).toMatchObject({ definition: seeded("LEC"), status: "ACTIVATED", version: 1 });
    expect(definitions.get("LS")).toMatchObject({ definition: seeded("LS") });
    expect(definitions.get("LOCAL")).toMatchObject({ definition: { inputs: [{ code: "A", nameZh: "A", values: [{ value: 0.5, zh: "0.5", en: "0.5" }] }, { code: "B" }], formula: { kind: "PRODUCT" } } });
    expect(await query("select m.code, count(*)::int as outcomes from assessment_outcomes o join assessment_method_versions v on v.id = o.version_id join assessment_methods m on m.id = v.method_id group by 1 order by 1")).toEqual([{ code: "LEC", outcomes: 252 }, { code: "LOCAL", outcomes: 2 }, { code: "LS", outcomes: 25 }]);
    // No version was made, and each of the past names the assessment its level stood on.
    expect(await versionsOf()).toEqual(before);
    expect(await query("select r.version, a.score::float8 as score, v.version_code from (select id, version, current_assessment_id from risks union all select id, version, current_assessment_id from risks_history) r left join risk_assessments a on a.id = r.current_assessment_id left join assessment_method_versions v on v.id = a.method_version_id where r.id = $1 order by r.version", [risk])).toEqual([
      { version: 1, score: null, version_code: null }, { version: 2, score: 270, version_code: "2023" }, { version: 3, score: 270, version_code: "2023" }, { version: 4, score: 0.15, version_code: "2023" },
    ]);
    await expect(inUnit(engine, (client) => client.query("update risks set current_level = 'LOW' where id = $1", [risk]))).rejects.toMatchObject({ constraint: "inv_05_level_is_computed" });
    await inUnit(engine, (client) => client.query("update risks set name = '续' where id = $1", [risk]));

    await revert(engine, again.length);
    expect(await query("select method, method_version, score::float8 as score from risk_assessments order by assessed_at")).toEqual([{ method: "LEC", method_version: "2023", score: 270 }, { method: "LEC", method_version: "2023", score: 0.15 }]);
    expect((await query("select v.definition from assessment_method_versions v join assessment_methods m on m.id = v.method_id where m.code = 'LS'"))[0]!["definition"]).toMatchObject({ inputs: OLD.LS.inputs });
  } finally {
    await database.drop();
  }
}, 180_000);
