import { namedBody } from "../organizations/named-body.js";
import { Organization, organizationKind, supervisionLevel, supervisionRole } from "../organizations/organization.js";
import { officialRank, Person, personKind } from "../people/person.js";
import { actions, type Input } from "../platform/actions.js";
import type { Role } from "../platform/actor.js";
import { given } from "../platform/entity/input-fields.js";
import type { Unit } from "../platform/write/unit.js";
import { Grid, gridKind, Region, regionLevel } from "../regions/region.js";
import { namedEnterprise } from "./named-enterprise.js";
import { registerRegion } from "../regions/region.service.js";
import { Enterprise, sizeClass, Subject, subjectKind, supervisionClass } from "./subject.js";
import { areaKind, disposalType, facilityKind, projectStage } from "./subject-kinds.js";
import { registerSubject, updateSubject } from "./subject.service.js";

const REGULATORS: readonly Role[] = ["TOWN_REGULATOR", "TOWN_LEADER", "SECTOR_REGULATOR", "SECTOR_LEADER", "COMMITTEE_OFFICE"];
const REGISTRARS: readonly Role[] = [...REGULATORS, "INTEGRATION_CLIENT", "SEED"];

/** Who brings what another source says; the import by command is the service's own. */
const EXTERNAL_REGISTRARS: readonly Role[] = [...REGULATORS, "INTEGRATION_CLIENT", "IMPORT"];

const doubts = given.text("存疑标记", "doubts about the record", { list: true, max: 60, pattern: /^[A-Z][A-Z0-9_]*$/ });

const external = {
  externalSystem: given.text("来源系统(与 externalId 同用)", "source system (with externalId)", { max: 100 }),
  externalId: given.text("来源系统中的主键", "key in the source system", { max: 200 }),
};
const placed = given.id(() => Region, "所在区划", "region", { required: true });

/** Registers a row of the input's own names. */
const adds = (entity: Parameters<Unit["register"]>[0]) => (unit: Unit, input: Input): Promise<string> => {
  const { externalSystem, externalId, ...values } = input;
  return unit.register(entity, { ...values, source_system: externalSystem, external_id: externalId });
};

const managingUnit = namedBody("管理单位", "managing unit");

/** What only subjects of a kind have. */
const details = {
  facility: given.object("KeyFacilityInput", { facilityKind: given.oneOf(facilityKind, "设施类别", "kind of facility"), managingUnit }, "重点设施的内容", "of a key facility"),
  area: given.object(
    "KeyAreaInput",
    {
      areaKind: given.oneOf(areaKind, "区域类别", "kind of area"),
      boundary: given.area("范围(面,CGCS2000)", "extent, in CGCS2000"),
      managingUnit,
      disasterType: given.text("灾害类型代码", "code of the disaster type", { max: 50 }),
      threatenedHouseholds: given.int("受威胁户数", "households threatened", { minimum: 0, maximum: 10_000_000 }),
      threatenedPeople: given.int("受威胁人数", "people threatened", { minimum: 0, maximum: 100_000_000 }),
      disposalType: given.oneOf(disposalType, "处置方式(仅地质灾害隐患点)", "how it is dealt with, of a geological hazard point only"),
      causedBy: given.id(() => Subject, "诱发单位(谁诱发、谁负责)", "subject that induced it"),
    },
    "重点区域的内容",
    "of a key area",
  ),
  project: given.object(
    "ConstructionProjectInput",
    {
      permitNo: given.text("施工许可证号", "number of the building permit", { max: 100 }),
      ownerEnterprise: namedEnterprise("建设单位(企业)", "owner, an enterprise"),
      ownerOrganization: namedBody("建设单位(机关、事业单位)", "owner, a public body"),
      stage: given.oneOf(projectStage, "施工阶段", "stage"),
      plannedStart: given.date("计划开工日期", "planned start"),
      plannedEnd: given.date("计划竣工日期", "planned end"),
    },
    "在建项目的内容",
    "of a construction project",
  ),
};

const subjectFields = {
  name: given.text("名称", "name", { required: true, max: 200 }),
  sector: given.text("行业领域代码", "code of the sector", { max: 50 }),
  address: given.text("地址", "address", { max: 500 }),
  location: given.point("位置(CGCS2000)", "location in CGCS2000"),
  keyControlled: given.bool("是否重点管控", "key-controlled"),
  supervisionClass: given.oneOf(supervisionClass, "监管分类", "class of supervision"),
  grid: given.id(() => Grid, "所在网格", "grid"),
};

/** Registration of places, bodies, people and regulated subjects. */
actions({
  "region.register": {
    zh: "登记行政区划", en: "register a region", on: Region, creates: true, by: ["COMMITTEE_OFFICE", "SEED", "IMPORT"],
    input: {
      code: given.text("统计用区划代码(12 位)", "statistical code of 12 digits", { required: true, pattern: /^\d{12}$/ }),
      name: given.text("名称", "name", { required: true, max: 100 }),
      level: given.oneOf(regionLevel, "层级", "level", { required: true }),
      parent: given.id(() => Region, "上级区划", "region above"),
      urbanClass: given.text("城乡分类代码", "urban-rural class", { max: 3 }),
      validFrom: given.date("代码启用日期", "code valid from"),
      point: given.point("代表点", "representative point"),
      ...external,
    },
    work: registerRegion,
  },
  "grid.register": {
    zh: "登记网格", en: "register a grid", on: Grid, creates: true, by: REGISTRARS,
    input: { region: placed, code: given.text("网格编码(15 位)", "code of 15 digits", { required: true, pattern: /^\d{15}$/ }), name: given.text("名称", "name", { required: true, max: 100 }), kind: given.oneOf(gridKind, "类别", "kind", { required: true }), ...external },
    work: adds(Grid),
  },
  "organization.register": {
    zh: "登记单位", en: "register an organisation", on: Organization, creates: true, by: REGISTRARS,
    input: {
      region: placed,
      name: given.text("名称", "name", { required: true, max: 200 }),
      kind: given.oneOf(organizationKind, "类别", "kind", { required: true }),
      level: given.oneOf(supervisionLevel, "层级", "level"),
      supervisionRole: given.oneOf(supervisionRole, "监管职能", "role in supervision"),
      sectors: given.text("主管行业领域代码", "codes of the sectors it leads", { list: true, max: 50 }),
      uscc: given.text("统一社会信用代码", "unified social credit code", { max: 18 }),
      canInspect: given.bool("是否行政检查主体", "may carry out administrative inspection"),
      ...external,
    },
    work: adds(Organization),
  },
  "person.register": {
    zh: "登记人员", en: "register a person", on: Person, creates: true, by: REGISTRARS,
    input: {
      region: placed,
      name: given.text("姓名", "name", { required: true, max: 50 }),
      kind: given.oneOf(personKind, "类别", "kind", { required: true }),
      post: given.text("职务(岗位)", "post", { max: 100 }),
      rank: given.oneOf(officialRank, "职级", "rank"),
      organization: namedBody("所在单位", "organisation"),
      enterprise: namedEnterprise("所在企业", "enterprise"),
      dutyPhone: given.text("值班(办公)电话", "duty telephone", { max: 30 }),
      mobile: given.text("手机", "mobile", { pattern: /^\+?[\d-]{6,20}$/ }),
      enforcementCertNo: given.text("执法证号", "enforcement certificate number", { max: 50 }),
      ...external,
    },
    work: adds(Person),
  },
  "enterprise.register": {
    zh: "登记企业", en: "register an enterprise", on: Enterprise, creates: true, by: REGISTRARS,
    input: {
      region: placed,
      legalName: given.text("法定名称", "legal name", { required: true, max: 200 }),
      uscc: given.text("统一社会信用代码", "unified social credit code", { max: 18 }),
      industrySection: given.text("行业门类", "industry section", { pattern: /^[A-T]$/ }),
      industryCode: given.text("行业小类", "industry class", { pattern: /^\d{4}$/ }),
      sizeClass: given.oneOf(sizeClass, "规模", "size"),
      stateOwned: given.bool("是否国有", "state-owned"),
      highRisk: given.bool("是否高危行业", "high-risk trade"),
      employees: given.int("从业人数", "employees", { minimum: 0, maximum: 10_000_000 }),
      companyCode9: given.text("危化登记系统企业编码", "code in the chemical registration system", { pattern: /^\d{9}$/ }),
      ...external,
    },
    work: adds(Enterprise),
  },
  "subject.register": {
    zh: "登记监管对象", en: "register a regulated subject", on: Subject, creates: true, to: "UNCONFIRMED", by: REGISTRARS,
    input: { region: placed, kind: given.oneOf(subjectKind, "类别", "kind", { required: true }), enterprise: namedEnterprise("所属企业", "enterprise"), ...subjectFields, ...details, ...external },
    work: registerSubject,
  },
  "subject.update": {
    zh: "更新监管对象", en: "update a regulated subject", on: Subject, from: ["UNCONFIRMED", "ACTIVE", "SUSPENDED"], by: REGISTRARS,
    input: { ...subjectFields, ...details, name: { ...subjectFields.name, required: false }, region: { ...placed, required: false } },
    work: updateSubject,
  },
  "subject.registerExternal": {
    zh: "登记外部来源的监管对象(导入);待确认,附存疑标记", en: "register a regulated subject another source brought (import); unconfirmed, with its doubts", on: Subject, creates: true, to: "UNCONFIRMED", by: EXTERNAL_REGISTRARS,
    input: { region: placed, kind: given.oneOf(subjectKind, "类别", "kind", { required: true }), ...subjectFields, ...details, doubts, externalSystem: { ...external.externalSystem, required: true }, externalId: { ...external.externalId, required: true } },
    work: registerSubject,
  },
  "subject.updateExternal": {
    zh: "更新外部来源的监管对象(导入)", en: "update a regulated subject by what another source says (import)", on: Subject, from: ["UNCONFIRMED", "ACTIVE", "SUSPENDED"], by: EXTERNAL_REGISTRARS,
    input: { ...subjectFields, ...details, doubts, name: { ...subjectFields.name, required: false }, region: { ...placed, required: false } },
    work: updateSubject,
  },
  "subject.activate": {
    zh: "确认在册(须有牵头监管部门)", en: "confirm as active; needs a lead regulator", on: Subject, from: ["UNCONFIRMED", "SUSPENDED"], to: "ACTIVE", by: [...REGULATORS, "SEED"],
    input: {}, work: (unit, _input, row) => unit.move(Subject, row),
  },
});
