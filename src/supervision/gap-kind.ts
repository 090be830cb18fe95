import { enumeration } from "../platform/entity/enumeration.js";

/** Kinds of gaps, the gravest first: in this order they are listed. */
export const gapKind = enumeration("GapKind", { zh: "监管空白与数据缺口类别", en: "kind of gap in supervision or record" }, {
  SUBJECT_WITHOUT_LEAD: ["在册监管对象无牵头监管部门(监管空白)", "active subject with no lead regulator in force (INV-01)"],
  SUBJECT_WITHOUT_RESPONSIBLE: ["在册监管对象无在任责任人", "active subject with no responsible person in office (INV-03)"],
  RISK_WITHOUT_MEASURE: ["风险无有效管控措施", "risk with no control measure in effect (INV-06)"],
  RISK_WITHOUT_PERSON: ["风险无责任人", "risk with no responsible person (INV-06)"],
  REVIEW_OVERDUE: ["风险复评逾期", "review of a risk overdue (TR-19)"],
  POINT_OUTSIDE_CHINA_OR_SWAPPED: ["坐标不在中国范围或经纬度颠倒", "point outside China, or longitude and latitude swapped (INV-23)"],
  POINT_DOUBLED: ["不同企业坐标完全相同", "subjects of different enterprises at exactly the same point"],
  POINT_FAR_FROM_REGION: ["坐标在所属区划边界外(有边界时)", "point outside the boundary of its region, where one is known (INV-23)"],
  CODE_NOT_VALID: ["代码不在登记日有效的代码表内", "code not in the edition of its list in force on the day of registration (INV-24)"],
});
export const GAP_KINDS = gapKind.values;
export type GapKind = (typeof GAP_KINDS)[number];
