import { readsBy } from "../platform/actor.js";
import type { Elsewhere, InputField } from "../platform/actions.js";
import { given } from "../platform/entity/input-fields.js";
import { above } from "../platform/write/elsewhere.js";
import { Subject } from "../subjects/subject.js";
import { Person } from "./person.js";

/** Whom the key belongs to, wherever that person is registered. */
const oneself: Elsewhere = {
  zh: "密钥所属人员本人",
  en: "the person the key belongs to",
  admits: (alias, read) => `${alias}.id = ${read.param("uuid", ({ actor }) => actor.personId, "oneself")}`,
};

/** An enterprise sees no register of people, and answers by its own. */
const ownStaff: Elsewhere = {
  zh: "本企业人员",
  en: "people of one's own enterprise",
  admits(alias, read) {
    const site = read.alias();
    const own = read.param("uuid[]", ({ actor }) => actor.grants.flatMap((grant) => (readsBy(grant) ? (grant.subjectId ?? []) : [])), "ownSubjects");
    return `${alias}.enterprise_id in (select ${site}.enterprise_id from ${read.source(Subject, site)} where ${site}.id = any(${own}))`;
  },
};

/** Officials above take part, find and answer for what lies below; nobody else of theirs is named from below. */
export const officialsAbove = above({ zh: "公职人员", en: "officials" }, (alias) => `${alias}.kind = 'OFFICIAL'`);
/** Experts are a pool of the district or the city. */
export const expertsAbove = above({ zh: "公职人员、专家", en: "officials and experts" }, (alias) => `${alias}.kind in ('OFFICIAL', 'EXPERT')`);

/** A person as an input names one: within sight, oneself, or of one's own enterprise; `more` says who else, and why. */
export const namedPerson = (zh: string, en: string, { alsoFrom = [], ...options }: Partial<Omit<InputField, "kind" | "zh" | "en">> = {}) =>
  given.id(() => Person, zh, en, { ...options, alsoFrom: [oneself, ownStaff, ...alsoFrom] });
