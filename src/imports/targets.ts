import { HiddenDanger } from "../hidden-dangers/hidden-danger.js";
import { allActions } from "../platform/actions.js";
import { globalId } from "../platform/entity/entity.js";
import { Region } from "../regions/region.js";
import { regionByCode } from "./places.js";
import { regionTarget } from "./region-target.js";
import { subjectTarget } from "./subject-target.js";
import { missing, REGION_OF_IMPORT, type Target } from "./target.js";

const hiddenDangerTarget: Target = {
  entity: HiddenDanger,
  creates: "hiddenDanger.registerExternal",
  updates: "hiddenDanger.updateExternal",
  get fields() {
    return new Set(["regionCode", ...Object.keys(allActions().get("hiddenDanger.updateExternal")!.input)].filter((name) => name !== "region" && name !== "doubts"));
  },
  named: "title",
  placedBy: ["region", "location", "responsibleOrgText"],
  sources: { region: ["regionCode", REGION_OF_IMPORT] },
  async prepare(values, { unit, defaultRegion }) {
    const { regionCode, ...rest } = values;
    const region = regionCode ? ((await regionByCode(unit, regionCode))?.id ?? null) : defaultRegion;
    const closed = rest["status"] === "CLOSED";
    const problems = [
      ...(rest["title"] ? [] : [missing("title", "隐患内容")]),
      ...(rest["discoveredAt"] ? [] : [missing("discoveredAt", "排查日期")]),
      ...(region ? [] : [missing("region", "所在区划")]),
    ];
    // A loop run elsewhere proves nothing here: it stands as external, and what it lacks is told.
    const doubts = [...(closed ? ["CLOSED_WITHOUT_EVIDENCE"] : []), ...(closed && rest["grade"] === "MAJOR" && !rest["criterionClause"] && !rest["expertJudgement"] ? ["MAJOR_WITHOUT_CLAUSE"] : [])];
    return { values: { ...rest, region }, doubts, problems };
  },
  input: ({ region, ...values }) => ({ ...values, ...(region === undefined ? {} : { region: globalId(Region, region as string) }) }),
};

/** What files can bring, by the name a mapping calls it. */
export const targets: Readonly<Record<string, Target>> = { region: regionTarget, subject: subjectTarget, hiddenDanger: hiddenDangerTarget };
