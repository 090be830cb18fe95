import { expect } from "@jest/globals";
import type { District } from "./district.js";
import { inUnit } from "./database.js";

export interface Acted {
  id: string;
  version: number;
  [field: string]: unknown;
}

interface Asked {
  by?: string;
  on?: { id: string; version: number };
  input?: Record<string, unknown>;
  /** Fields of the payload beside id and version. */
  read?: string;
}

/** Actions of a district by the name of their mutation, and what the database says to plain SQL. */
export function deedsIn(district: District) {
  const sent = (mutation: string, { on, input, read = "" }: Asked) => {
    const variables = `$k:String!${on ? ",$id:ID!,$v:Int!" : ""}${input ? `,$i:${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input!` : ""}`;
    const args = `idempotencyKey:$k${on ? ",id:$id,expectedVersion:$v" : ""}${input ? ",input:$i" : ""}`;
    return [`mutation(${variables}){${mutation}(${args}){id version ${read}}}`, { k: district.key(), id: on?.id, v: on?.version, i: input }] as const;
  };
  return {
    async done(mutation: string, asked: Asked): Promise<Acted> {
      const data = await district.as(asked.by ?? "office").ask(...sent(mutation, asked));
      return data[mutation] as Acted;
    },
    /** Facts of the refusal. */
    refused: (mutation: string, asked: Asked) => district.as(asked.by ?? "office").refused(...sent(mutation, asked)),
    /** Plain SQL in a unit must be refused by the rule named. */
    async held(rule: string, sql: string, values: unknown[] = []): Promise<void> {
      await expect(inUnit(district.database.engine, (client) => client.query(sql, values))).rejects.toMatchObject({ constraint: rule });
    },
    written: (sql: string, values: unknown[] = []) => inUnit(district.database.engine, (client) => client.query(sql, values)),
    rows: async (sql: string, values: unknown[] = []) => (await district.database.engine.pool.query(sql, values)).rows as Record<string, unknown>[],
  };
}

export const uuidOf = (id: string) => id.slice(id.indexOf("_") + 1);

/** A square of a side in degrees, its south-west corner given. */
export const square = (lon: number, lat: number, side: number) => ({ type: "Polygon", coordinates: [[[lon, lat], [lon + side, lat], [lon + side, lat + side], [lon, lat + side], [lon, lat]]] });
