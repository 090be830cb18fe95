import { Organization } from "../organizations/organization.js";
import type { Role } from "../platform/actor.js";
import { entity, relate, type Clear } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { many, one, oneOf, text } from "../platform/entity/fields.js";
import { Region } from "../regions/region.js";

export const personKind = enumeration("PersonKind", { zh: "人员类别", en: "kind of person" }, {
  OFFICIAL: ["公职人员", "official"],
  GRID_WORKER: ["网格员", "grid worker"],
  ENTERPRISE: ["企业人员", "enterprise person"],
  EXPERT: ["专家", "expert"],
  TECH_INSPECTOR: ["技术检查员", "technical inspector"],
});

/** Rank of a leader; which post has which rank in a municipality's district is local, so it is kept with the person. */
export const officialRank = enumeration("OfficialRank", { zh: "职级", en: "rank" }, {
  TING: ["厅级", "bureau-director rank"],
  CHU: ["处级", "division rank"],
  KE: ["科级", "section rank"],
  OTHER: ["其他", "other"],
});

/** To whom it is told who did what, and when: the line of supervision and auditors, not client systems (domain 5.2). */
export const LINE_OF_SUPERVISION: readonly Role[] = ["TOWN_REGULATOR", "TOWN_LEADER", "SECTOR_REGULATOR", "SECTOR_LEADER", "COMMITTEE_OFFICE", "DISTRICT_LEADER", "AUDITOR"];

/** Publication scope of a responsible person: within the same area, and of those above it in the line of supervision. */
const personal: Clear = { to: LINE_OF_SUPERVISION, above: true };

/** 人员. Citizen number, birth date, home address and bank details are never stored. */
export const Person = entity({
  name: "Person",
  zh: "人员",
  en: "person",
  plural: "people",
  table: "people",
  scope: { kind: "placed" },
  order: [["name", "asc"]],
  fields: {
    name: text("姓名", "name", { filter: true, sort: true }),
    kind: oneOf(personKind, "类别", "kind", { filter: true, group: true }),
    post: text("职务(岗位)", "post", { nullable: true, filter: true }),
    rank: oneOf(officialRank, "职级", "rank", { nullable: true, filter: true }),
    dutyPhone: text("值班(办公)电话", "duty telephone", { nullable: true }),
    mobile: text("手机", "mobile", { nullable: true, clear: personal }),
    enforcementCertNo: text("执法证号", "enforcement certificate number", { nullable: true, clear: personal }),
  },
  relations: {
    organization: one(() => Organization, "organization_id", "所在单位", "organisation", { owned: true }),
    region: one(() => Region, "region_id", "所在区划", "region", { owned: true }),
  },
});

relate(Organization, "people", many(() => Person, "organization_id", "人员", "people"));
