import { namedBody } from "../organizations/named-body.js";
import { namedPerson } from "../people/named-person.js";
import { actions } from "../platform/actions.js";
import { given } from "../platform/entity/input-fields.js";
import { Subject } from "../subjects/subject.js";
import { responsible } from "../supervision/named-responsible.js";
import { Visit, visitNature, visitTrigger } from "./visit.js";
import { record, RECORDERS, records, withdraw } from "./visit.service.js";

/** 检查指导: recorded once, as it was; an error is withdrawn with its reason. */
actions({
  "visit.record": {
    zh: "登记检查指导(网格员为巡查,企业为自查,第三方、专家为服务;行政检查须有主体、两名持证人员、批准和检查码)", en: "record a visit (a grid worker a patrol, an enterprise a self-check, third parties and experts a service; an inspection needs its body, two officers with certificates, approval and entry code)",
    on: Visit, creates: true, to: "RECORDED", by: RECORDERS,
    entitles: { field: "input.nature", rule: "a role records visits of its own natures", holds: (grant, { nature }) => records(grant, nature) },
    input: {
      subject: given.id(() => Subject, "监管对象", "subject", { required: true }),
      nature: given.oneOf(visitNature, "性质", "nature", { required: true }),
      trigger: given.oneOf(visitTrigger, "由来,缺省为计划", "what it was made for; a plan unless given"),
      startedAt: given.dateTime("开始时间", "started at", { required: true }),
      endedAt: given.dateTime("结束时间", "ended at"),
      participants: namedPerson("参加人", "who took part", { required: true, list: true, alsoFrom: [responsible] }),
      checkInPoint: given.point("签到点(CGCS2000);只取其距监管对象的米数,不存", "point of check-in in CGCS2000; only its distance from the subject is kept"),
      presenceConfirmation: given.text("无签到点或过远时,人工确认到场的理由", "why presence is confirmed by hand where there is no check-in or it is too far", { max: 500 }),
      organization: namedBody("实施单位(行政检查必填)", "body that carried it out; an inspection needs it"),
      approvalNo: given.text("批准文号(行政检查必填,紧急情况除外)", "number of the approval; an inspection needs it but in an emergency", { max: 100 }),
      entryCode: given.text("扫码入企的检查码(同上)", "code scanned on entry, likewise", { max: 100 }),
      itemCodes: given.text("检查事项代码", "codes of the items inspected", { list: true, max: 100 }),
      emergency: given.bool("是否紧急情况", "in an emergency"),
      findings: given.text("发现的问题;缺省为未发现问题", "what was found; nothing unless given", { max: 4000 }),
      externalSystem: given.text("来源系统(与 externalId 同用)", "source system (with externalId)", { max: 100 }),
      externalId: given.text("来源系统中的主键", "key in the source system", { max: 200 }),
    },
    work: record,
  },
  "visit.withdraw": {
    zh: "撤回检查指导记录(误登、不实);更正须另行登记", en: "withdraw a visit recorded in error or untruly; a correction is recorded anew", on: Visit, from: ["RECORDED"], to: "WITHDRAWN", by: RECORDERS,
    when: { rule: "withdrawn by a role that may record its nature", reads: ["nature"], holds: (row, { grants }) => grants.some((grant) => records(grant, row["nature"])) },
    input: { reason: given.text("理由", "reason", { required: true, max: 1000 }) },
    work: withdraw,
  },
});
