import "../../src/features.js";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { isEnumType, isInputObjectType, isInterfaceType, isObjectType, type GraphQLNamedType } from "graphql";
import { printActions } from "../../src/platform/action-table.js";
import { allActions, mutationName } from "../../src/platform/actions.js";
import { allEntities } from "../../src/platform/entity/entity.js";
import { printFaults } from "../../src/platform/fault.js";
import { makeSchema, printContract } from "../../src/platform/graphql/schema.js";
import { columnsOf } from "../../src/platform/read/columns.js";
import { useDatabase } from "../support/database.js";

const database = useDatabase();
const schema = await makeSchema();
const own = (type: GraphQLNamedType) => !type.name.startsWith("__") && !["String", "Int", "Float", "Boolean", "ID"].includes(type.name);
const bilingual = (text: string | null | undefined) => text !== null && text !== undefined && /[一-鿿]/.test(text) && /[A-Za-z]/.test(text);

describe("the contract", () => {
  test("every type, field, argument and enum value is described, in Chinese and English", () => {
    const bare: string[] = [];
    const check = (place: string, text: string | null | undefined) => {
      if (!bilingual(text)) bare.push(place);
    };
    for (const type of Object.values(schema.getTypeMap()).filter(own)) {
      check(type.name, type.description);
      if (isEnumType(type)) for (const value of type.getValues()) check(`${type.name}.${value.name}`, value.description);
      if (isInputObjectType(type)) for (const field of Object.values(type.getFields())) check(`${type.name}.${field.name}`, field.description);
      if (isObjectType(type) || isInterfaceType(type))
        for (const field of Object.values(type.getFields())) {
          check(`${type.name}.${field.name}`, field.description);
          for (const argument of field.args) check(`${type.name}.${field.name}(${argument.name})`, argument.description);
        }
    }
    expect(bare).toEqual([]);
  });

  test("mutations are the actions, no more and no fewer", () => {
    expect(Object.keys(schema.getMutationType()!.getFields()).toSorted()).toEqual([...allActions().keys()].map(mutationName).toSorted());
  });

  test("the printed files are what the code would print", () => {
    expect(readFileSync("schema/schema.graphql", "utf8") === printContract(schema)).toBe(true);
    expect(readFileSync("schema/actions.md", "utf8")).toBe(printActions());
    expect(readFileSync("schema/faults.md", "utf8")).toBe(printFaults());
  });
});

describe("the tables", () => {
  test("every declared column stands in its table, and in its history", async () => {
    const { rows } = await database.engine.pool.query("select table_name, column_name from information_schema.columns where table_schema = 'public'");
    const known = new Map<string, Set<string>>();
    for (const { table_name: table, column_name: column } of rows as { table_name: string; column_name: string }[]) known.set(table, (known.get(table) ?? new Set()).add(column));
    const missing = allEntities().filter((entity) => !entity.versionsOf).flatMap((entity) =>
      [entity.table, ...(entity.appendOnly ? [] : [`${entity.table}_history`])].flatMap((table) => columnsOf(entity).filter((column) => !known.get(table)?.has(column)).map((column) => `${table}.${column}`)),
    );
    expect(missing).toEqual([]);
  });

  test("every entity that is not append-only is tracked", async () => {
    const { rows } = await database.engine.pool.query("select name from tracked_tables");
    const tracked = new Set((rows as { name: string }[]).map(({ name }) => name));
    expect(allEntities().filter((entity) => !entity.appendOnly && !tracked.has(entity.table)).map((entity) => entity.table)).toEqual([]);
  });
});

describe("the lifecycles", () => {
  test("every state an action leaves can be reached, and only final states have no way out", () => {
    const final: Record<string, string[]> = { HiddenDanger: ["CLOSED", "REJECTED", "VOIDED"], RiskZone: ["SUPERSEDED"], Visit: ["WITHDRAWN"], PostCard: ["WITHDRAWN"], Risk: ["RETIRED"], Attachment: ["PREPARED"], RegulatorAssignment: ["ENDED"], RegulatedSubject: [], RiskReviewRound: ["PUBLISHED", "CANCELLED"], AssessmentMethodVersion: ["ACTIVATED", "WITHDRAWN"] };
    for (const entity of new Set([...allActions().values()].map((action) => action.on))) {
      const rows = [...allActions().values()].filter((action) => action.on === entity && action.to);
      const reached = new Set(rows.filter((action) => action.creates).map((action) => action.to!));
      for (let size = -1; size !== reached.size; ) {
        size = reached.size;
        for (const action of rows) if (action.from?.some((state) => reached.has(state))) reached.add(action.to!);
      }
      const stuck = [...reached].filter((state) => !rows.some((action) => action.from?.includes(state)));
      expect({ entity: entity.name, stuck: stuck.filter((state) => !final[entity.name]?.includes(state) && state !== "ACTIVE") }).toEqual({ entity: entity.name, stuck: [] });
    }
  });
});
