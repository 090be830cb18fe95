import { Organization } from "../organizations/organization.js";
import { entity, relate, vary } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { computed, date, geometry, int, many, one, oneOf, text } from "../platform/entity/fields.js";
import { Enterprise, Subject } from "./subject.js";

/** 重点设施 (domain A13, A14): carriers of risk that are works or houses of many people. */
export const facilityKind = enumeration("FacilityKind", { zh: "重点设施类别", en: "kind of key facility" }, {
  RESERVOIR: ["水库", "reservoir"],
  DYKE: ["堤防护岸", "dyke"],
  BRIDGE: ["桥梁", "bridge"],
  TUNNEL: ["隧道", "tunnel"],
  TRANSPORT_HUB: ["综合交通枢纽", "transport hub"],
  URBAN_COMPLEX: ["城市大型综合体", "urban complex"],
  SCHOOL: ["学校", "school"],
  HOSPITAL: ["医院", "hospital"],
  CARE_HOME: ["养老机构", "care home"],
  POWER_PLANT: ["电厂(站)", "power plant"],
  WATER_PLANT: ["水厂", "water works"],
  SHELTER: ["应急避难场所", "emergency shelter"],
  OTHER: ["其他", "other"],
});

/** 重点区域 (domain A14, A15, B16). */
export const areaKind = enumeration("AreaKind", { zh: "重点区域类别", en: "kind of key area" }, {
  GEO_PRONE: ["地质灾害易发区", "area prone to geological disaster"],
  GEO_HAZARD_POINT: ["地质灾害隐患点", "geological hazard point"],
  FLASH_FLOOD_PRONE: ["山洪灾害易发区", "area prone to flash floods"],
  SCENIC: ["旅游景区", "scenic area"],
  URBAN_FLOOD: ["城镇易涝区", "area of urban flooding"],
  FOREST: ["森林防火重点区", "forest"],
  INDUSTRIAL_PARK: ["工业园区", "industrial park"],
});
export const disposalType = enumeration("GeoHazardDisposal", { zh: "地质灾害隐患点处置方式", en: "how a geological hazard point is dealt with" }, {
  ENGINEERING: ["工程治理", "engineering works"],
  MONITORING: ["监测预警", "monitoring and warning"],
  RELOCATION: ["避险搬迁", "relocation"],
});
export const projectStage = enumeration("ProjectStage", { zh: "施工阶段", en: "stage of a construction project" }, {
  PREPARATION: ["施工准备", "preparation"],
  FOUNDATION: ["基坑与基础", "excavation and foundation"],
  STRUCTURE: ["主体结构", "structure"],
  FINISHING: ["装饰装修", "finishing"],
  COMPLETION: ["竣工验收", "completion"],
  HALTED: ["停工", "halted"],
});
export const contractorRole = enumeration("ContractorRole", { zh: "参建单位角色", en: "role of a contractor" }, {
  GENERAL: ["施工总承包", "general contractor"],
  SUBCONTRACTOR: ["分包", "subcontractor"],
  SUPERVISOR: ["监理", "supervising engineer"],
  DESIGNER: ["设计", "designer"],
  SURVEYOR: ["勘察", "surveyor"],
});

/** 参建单位: who works at a project, in which role and section, from when to when (domain D27). */
export const ProjectContractor = entity({
  name: "ProjectContractor",
  zh: "参建单位",
  en: "contractor of a project",
  plural: "projectContractors",
  table: "project_contractors",
  scope: { kind: "through", relation: "project" },
  order: [["updatedAt", "desc"]],
  fields: {
    role: oneOf(contractorRole, "角色", "role", { filter: true, group: true }),
    section: text("标段", "section of the works", { nullable: true, filter: true }),
    enteredOn: date("进场日期", "entered on", { filter: true, sort: true }),
    leftOn: date("退场日期", "left on", { nullable: true, filter: true }),
  },
  relations: {
    project: one(() => Subject, "subject_id", "在建项目", "construction project"),
    enterprise: one(() => Enterprise, "enterprise_id", "企业", "enterprise", { owned: true }),
  },
});

const managingUnit = one(() => Organization, "managing_unit_id", "管理单位", "managing unit", { owned: true });

vary(Subject, "KEY_FACILITY", {
  fields: { facilityKind: oneOf(facilityKind, "设施类别", "kind of facility", { nullable: true, filter: true, group: true }) },
  relations: { managingUnit },
});
vary(Subject, "KEY_AREA", {
  fields: {
    areaKind: oneOf(areaKind, "区域类别", "kind of area", { nullable: true, filter: true, group: true }),
    boundary: geometry("范围(面)", "extent, a polygon or several", { nullable: true, spread: true }),
    shape: computed("geometry", "绘图几何:有范围取范围,否则取位置", "what to draw: the extent where one is known, else the location", (alias) => `coalesce(${alias}.boundary, ${alias}.location)`, { nullable: true, spread: true }),
    disasterType: text("灾害类型代码", "code of the disaster type", { nullable: true, filter: true, group: true }),
    threatenedHouseholds: int("受威胁户数", "households threatened", { nullable: true, filter: true, sort: true }),
    threatenedPeople: int("受威胁人数", "people threatened", { nullable: true, filter: true, sort: true }),
    disposalType: oneOf(disposalType, "处置方式(地质灾害隐患点)", "how it is dealt with, of a geological hazard point", { nullable: true, filter: true, group: true }),
  },
  relations: {
    managingUnit,
    causedBy: one(() => Subject, "caused_by_id", "诱发单位(谁诱发、谁负责)", "subject that induced it and answers for it"),
  },
});
vary(Subject, "CONSTRUCTION_PROJECT", {
  fields: {
    permitNo: text("施工许可证号", "number of the building permit", { nullable: true, filter: true }),
    stage: oneOf(projectStage, "施工阶段", "stage", { nullable: true, filter: true, group: true }),
    plannedStart: date("计划开工日期", "planned start", { nullable: true, filter: true }),
    plannedEnd: date("计划竣工日期", "planned end", { nullable: true, filter: true, sort: true }),
  },
  relations: {
    ownerEnterprise: one(() => Enterprise, "owner_enterprise_id", "建设单位(企业)", "owner, an enterprise", { owned: true }),
    ownerOrganization: one(() => Organization, "owner_organization_id", "建设单位(机关、事业单位)", "owner, a public body", { owned: true }),
    contractors: many(() => ProjectContractor, "subject_id", "参建单位", "contractors", { owned: true }),
  },
});

relate(Subject, "inducedAreas", many(() => Subject, "caused_by_id", "所诱发的重点区域(谁诱发、谁负责)", "key areas it induced and answers for"));
relate(Enterprise, "contracts", many(() => ProjectContractor, "enterprise_id", "参建项目", "projects it works at"));
relate(Organization, "managedSubjects", many(() => Subject, "managing_unit_id", "所管理的重点设施与区域", "key facilities and areas it manages"));
