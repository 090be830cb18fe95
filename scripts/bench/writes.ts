import type { Inputs } from "./inputs.js";
import { graphql, statement, UNIQUE, type Question } from "./question.js";
import { pick } from "./shape.js";

/** Who writes: the principal whose key the service is asked with. */
export interface Writer {
  principal: string;
  name: string;
}

const TITLE = "基准测试隐患 / benchmark";

export function register({ subjects, county }: Inputs, writer: Writer): Question {
  /** Ids and numbers differ by nature: what can be the same is their form. */
  const formed = (made: unknown, id: string, code: RegExp) => ({ id: id.replace(/[0-9a-f]/g, "x"), code: code.test(String(pick(made, "code"))), version: pick(made, "version"), status: pick(made, "status") });
  const ours = (data: unknown) => {
    const made = pick(data, "hiddenDangerRegister");
    return formed(made, String(pick(made, "id")).replace("HiddenDanger_", ""), new RegExp(`^YH-${county.code}-\\d{4}-\\d{6,}$`));
  };
  return {
    id: "Q7",
    zh: "登记一条隐患,含变更与审计",
    en: "register one hidden danger, with change and audit",
    unique: true,
    note: "Q7: 本服务另有幂等键、权限、输入检查与重新读取;PostGraphile 只有该行及触发器所记变更,无审计 / the service also has idempotency, permission, checks of the input and a fresh read; PostGraphile writes the row and the change the trigger records, no audit event.",
    asks: {
      limit: subjects.map(({ id }) => statement("register", writer.principal, "@request", "@uuid", "@uuid", TITLE, id, county.code, writer.name)),
      this: subjects.map(({ id }) =>
        graphql("mutation Q7($key: String!, $input: HiddenDangerRegisterInput!) { hiddenDangerRegister(idempotencyKey: $key, input: $input) { id code version status } }", {
          key: `bench-${UNIQUE}`,
          input: { subject: `RegulatedSubject_${id}`, title: TITLE, discoverySource: "SELF_CHECK", grade: "GENERAL" },
        }),
      ),
      postgraphile: subjects.map(({ id, region, sector }) =>
        graphql(
          "mutation Q7($row: HiddenDangerInput!) { createHiddenDanger(input: { hiddenDanger: $row }) { hiddenDanger { rowId code version status } } }",
          { row: { rowId: UNIQUE, code: `YH-BENCH-${UNIQUE}`, title: TITLE, kind: "PHYSICAL", grade: "GENERAL", manageType: "DEADLINE", discoverySource: "SELF_CHECK", discoveredAt: "2026-01-01T00:00:00Z", selfReportedAt: "2026-01-01T00:00:00Z", subjectId: id, regionId: region, sector, status: "REGISTERED" } },
          { "x-unit": "1" },
        ),
      ),
    },
    answer: {
      limit: ours,
      this: ours,
      postgraphile: (data) => {
        const made = pick(data, "createHiddenDanger", "hiddenDanger");
        return formed(made, String(pick(made, "rowId")), /^YH-BENCH-[0-9a-f-]{36}$/);
      },
    },
    begins: { limit: '{"data":{"hiddenDangerRegister":{', this: '{"data":{"hiddenDangerRegister":{', postgraphile: '{"data":{"createHiddenDanger":{"hiddenDanger":{' },
  };
}
