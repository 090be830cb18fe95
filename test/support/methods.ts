import { METHODS } from "../../seeds/reference/methods.js";
import type { MethodDefinition } from "../../src/assessment-methods/definition.js";
import type { Character, District } from "./district.js";

/** The definition a reference method is seeded with; one's own to change. */
export const seeded = (code: string): MethodDefinition => structuredClone(METHODS.find(([known]) => known === code)![4]!);

interface Version {
  id: string;
  version: number;
}

/** Drafts a version of a method known by its code. */
export async function draft(district: District, method: string, versionCode: string, definition: unknown, by: Character = district.as("headquarters")): Promise<Version> {
  const { assessmentMethods } = await by.ask("query($c:String!){assessmentMethods(first:1,filter:{code:{eq:$c}}){nodes{id}}}", { c: method });
  const made = await by.ask("mutation($k:String!,$i:AssessmentMethodVersionDraftInput!){assessmentMethodVersionDraft(idempotencyKey:$k,input:$i){id version status}}", { k: district.key(), i: { method: assessmentMethods.nodes[0].id, versionCode, definition } });
  return made.assessmentMethodVersionDraft as Version;
}

export const ACTIVATE = "mutation($k:String!,$id:ID!,$v:Int!,$i:AssessmentMethodVersionActivateInput!){assessmentMethodVersionActivate(idempotencyKey:$k,id:$id,expectedVersion:$v,input:$i){id version status validFrom validTo inForce}}";

/** A day in Asia/Shanghai, so many after today. */
export const dayAfter = (days: number) => new Date(Date.now() + 8 * 3_600_000 + days * 86_400_000).toISOString().slice(0, 10);

export const activate = async (district: District, { id, version }: Version, validFrom = dayAfter(0)) =>
  (await district.as("headquarters").ask(ACTIVATE, { k: district.key(), id, v: version, i: { validFrom } })).assessmentMethodVersionActivate as { id: string; version: number; status: string; validFrom: string; validTo: string | null; inForce: boolean };

/** A risk of the first site, identified and assessed as told. */
export async function assessed(district: District, current: Record<string, unknown>, inherent?: Record<string, unknown>): Promise<{ id: string; version: number; currentLevel: string }> {
  const office = district.as("office");
  const { riskIdentify } = await office.ask("mutation($k:String!,$i:RiskIdentifyInput!){riskIdentify(idempotencyKey:$k,input:$i){id}}", { k: district.key(), i: { subject: district.sites[0], name: "冲压作业" } });
  return (await office.ask("mutation($k:String!,$id:ID!,$i:RiskAssessInput!){riskAssess(idempotencyKey:$k,id:$id,expectedVersion:1,input:$i){id version currentLevel}}", { k: district.key(), id: riskIdentify.id, i: { current, inherent } })).riskAssess;
}
