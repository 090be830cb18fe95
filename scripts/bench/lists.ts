import { LEVELS, PAGE, STRIDE, type Inputs } from "./inputs.js";
import { graphql, statement, type Ask, type Question } from "./question.js";
import { fields, pick, rows } from "./shape.js";

/** Answers to one GraphQL request, to find the cursors of deep pages with. */
export type Fetch = (ask: Ask) => Promise<unknown>;

/** PostGraphile's names for what the service calls id; the rest are the same. */
const renamed = (row: unknown) => {
  const { rowId, ...rest } = fields(row);
  return { id: `Risk_${String(rowId)}`, ...rest };
};
const ended = (info: unknown) => ({ more: pick(info, "hasNextPage"), cursor: Boolean(pick(info, "endCursor")) });
const ours = (data: unknown) => ({ nodes: rows(data, "risks", "nodes"), ...ended(pick(data, "risks", "pageInfo")) });
const theirs = (data: unknown) => ({ nodes: rows(data, "allRisks", "nodes").map(renamed), ...ended(pick(data, "allRisks", "pageInfo")) });
const begins = { limit: '{"data":{"risks":{', this: '{"data":{"risks":{', postgraphile: '{"data":{"allRisks":{' };

const LISTED = "code name currentLevel status sector accidentType keyAttention nextReviewDue updatedAt";
const BRIEF = "code name currentLevel status updatedAt";
const NEWEST = "orderBy: [UPDATED_AT_DESC, ROW_ID_DESC]";
const PAGE_INFO = "pageInfo { hasNextPage endCursor }";

/** Every town and the district, by every level. The limit and PostGraphile are told which of both it is, and ask by the column that has the index. */
const places = ({ towns, county }: Inputs) => [null, ...towns].flatMap((town) => LEVELS.map((level) => ({ town, level, region: `Region_${town ?? county.region}` })));

export function list(inputs: Inputs): Question {
  const { code } = inputs.county;
  const theirsIn = (condition: string, more: string) => `query Q1($county: String!, $level: String!${more}) { allRisks(first: ${PAGE}, condition: { countyCode: $county, ${condition}currentLevel: $level }, ${NEWEST}) { nodes { rowId ${LISTED} } ${PAGE_INFO} } }`;
  return {
    id: "Q1",
    zh: "清单:区划 × 等级,50 条,10 个字段",
    en: "list: 50 risks by region and level, 10 fields",
    asks: {
      limit: places(inputs).map(({ town, level }) => (town ? statement("listInTown", town, level, code) : statement("listInCounty", code, level))),
      this: places(inputs).map(({ region, level }) => graphql(`query Q1($region: ID!, $level: RiskLevel!) { risks(first: ${PAGE}, filter: { within: $region, currentLevel: { eq: $level } }) { nodes { id ${LISTED} } ${PAGE_INFO} } }`, { region, level })),
      postgraphile: places(inputs).map(({ town, level }) => (town ? graphql(theirsIn("townId: $town, ", ", $town: UUID!"), { county: code, town, level }) : graphql(theirsIn("", ""), { county: code, level }))),
    },
    answer: { limit: ours, this: ours, postgraphile: theirs },
    begins,
  };
}

export function nested(inputs: Inputs): Question {
  const { code } = inputs.county;
  const theirsIn = (condition: string, more: string) => `query Q2($county: String!, $level: String!${more}) { allRisks(first: ${PAGE}, condition: { countyCode: $county, ${condition}currentLevel: $level }, ${NEWEST}) { nodes {
    code name currentLevel subjectBySubjectId { name regionByRegionId { name } currentAssignments(first: 3) { nodes { validFrom responsibilitySlotBySlotIdAndSchemeId { nameZh } personByPersonId { name post } } } } } } }`;
  const query = `query Q2($region: ID!, $level: RiskLevel!) { risks(first: ${PAGE}, filter: { within: $region, currentLevel: { eq: $level } }) { nodes {
    code name currentLevel subject { name region { name } currentAssignments(first: 3) { nodes { validFrom slot { nameZh } person { name post } } } } } } }`;
  return {
    id: "Q2",
    zh: "嵌套:50 条风险 → 监管对象 → 区划、现任责任人",
    en: "nested: 50 risks → subject → region, and 3 assignments → person",
    asks: {
      limit: places(inputs).map(({ town, level }) => (town ? statement("nestedInTown", town, level, code) : statement("nestedInCounty", code, level))),
      this: places(inputs).map(({ region, level }) => graphql(query, { region, level })),
      postgraphile: places(inputs).map(({ town, level }) => (town ? graphql(theirsIn("townId: $town, ", ", $town: UUID!"), { county: code, town, level }) : graphql(theirsIn("", ""), { county: code, level }))),
    },
    answer: {
      limit: (data) => rows(data, "risks", "nodes"),
      this: (data) => rows(data, "risks", "nodes"),
      postgraphile: (data) =>
        rows(data, "allRisks", "nodes").map((row) => {
          const { subjectBySubjectId: subject, ...rest } = fields(row);
          const assignments = rows(subject, "currentAssignments", "nodes").map((node) => ({ validFrom: pick(node, "validFrom"), slot: pick(node, "responsibilitySlotBySlotIdAndSchemeId"), person: pick(node, "personByPersonId") }));
          return { ...rest, subject: { name: pick(subject, "name"), region: pick(subject, "regionByRegionId"), currentAssignments: { nodes: assignments } } };
        }),
    },
    begins,
  };
}

export function versions({ risks, longest, county }: Inputs): Question {
  const one = (data: unknown) => pick(data, "risk");
  const version = "version recordedFrom recordedTo status currentLevel nextReviewDue";
  return {
    id: "Q3",
    zh: "一条风险及其最近 20 个版本",
    en: "one risk by id with its last 20 versions",
    note: `Q3: 取版本最多的 ${risks.length} 条风险,最多 ${longest} 个版本 / the ${risks.length} risks with the longest past, up to ${longest} versions. PostGraphile: 当前行加 19 行历史 / the row and 19 rows of history.`,
    asks: {
      limit: risks.map((id) => statement("versions", id, county.code)),
      this: risks.map((id) => graphql(`query Q3($id: ID!) { risk(id: $id) { code name currentLevel status updatedAt versions(first: 20) { nodes { ${version} } } } }`, { id: `Risk_${id}` })),
      postgraphile: risks.map((id) => graphql(`query Q3($id: UUID!) { riskByRowId(rowId: $id) { code name currentLevel status updatedAt version recordedFrom nextReviewDue risksHistoriesByRowId(first: 19, orderBy: [RECORDED_FROM_DESC]) { nodes { ${version} } } } }`, { id })),
    },
    answer: {
      limit: one,
      this: one,
      postgraphile: (data) => {
        const { version: newest, recordedFrom, nextReviewDue, risksHistoriesByRowId: past, ...risk } = fields(pick(data, "riskByRowId"));
        const current = { version: newest, recordedFrom, recordedTo: null, status: risk["status"], currentLevel: risk["currentLevel"], nextReviewDue };
        return { ...risk, versions: { nodes: [current, ...rows(past, "nodes")] } };
      },
    },
    begins: { limit: '{"data":{"risk":{', this: '{"data":{"risk":{', postgraphile: '{"data":{"riskByRowId":{' },
  };
}

const walked = `query Q8($county: ID!, $after: String) { risks(first: ${PAGE}, after: $after, filter: { within: $county }) { nodes { id ${BRIEF} } ${PAGE_INFO} } }`;
const theirWalked = `query Q8($county: String!, $after: Cursor) { allRisks(first: ${PAGE}, after: $after, condition: { countyCode: $county }, ${NEWEST}) { nodes { rowId ${BRIEF} } ${PAGE_INFO} } }`;

export function firstPage({ county }: Inputs): Question {
  return {
    id: "Q8first",
    zh: "游标分页,第 1 页",
    en: "keyset page 1 of a county",
    asks: {
      limit: [statement("firstPage", county.code)],
      this: [graphql(walked, { county: `Region_${county.region}`, after: null })],
      postgraphile: [graphql(theirWalked, { county: county.code, after: null })],
    },
    answer: { limit: ours, this: ours, postgraphile: theirs },
    begins,
  };
}

/** Deep pages by each server's own cursors: the service is walked to them once, PostGraphile is asked by offset once. */
export async function deepPage({ county, depths }: Inputs, fetchOurs: Fetch, fetchTheirs: Fetch | null): Promise<Question> {
  const region = `Region_${county.region}`;
  const cursors = new Map<number, string>();
  let after: string | null = null;
  for (let walkedOver = STRIDE; walkedOver <= Math.max(...depths.map((depth) => depth.after)); walkedOver += STRIDE) {
    after = pick(await fetchOurs(graphql(`query Walk($county: ID!, $after: String) { risks(first: ${STRIDE}, after: $after, filter: { within: $county }) { pageInfo { endCursor } } }`, { county: region, after })), "risks", "pageInfo", "endCursor") as string;
    cursors.set(walkedOver, after);
  }
  const theirCursors: string[] = [];
  for (const depth of fetchTheirs ? depths : []) {
    const [edge] = rows(await fetchTheirs!(graphql(`query Find($county: String!, $offset: Int!) { allRisks(first: 1, offset: $offset, condition: { countyCode: $county }, ${NEWEST}) { edges { cursor } } }`, { county: county.code, offset: depth.after - 1 })), "allRisks", "edges");
    theirCursors.push(pick(edge, "cursor") as string);
  }
  const pages = depths.map((depth) => depth.after / PAGE + 1);
  return {
    id: "Q8deep",
    zh: `游标分页,第 ${Math.min(...pages)} 至 ${Math.max(...pages)} 页`,
    en: `keyset pages ${Math.min(...pages)} to ${Math.max(...pages)} of a county`,
    note: "Q8deep: 本服务的后续页按首页时点读取,另两者读取现在 / the service reads later pages as of its first page, the others read what is now.",
    asks: {
      limit: depths.map(({ time, id }) => statement("laterPage", county.code, time, id)),
      this: depths.map((depth) => graphql(walked, { county: region, after: cursors.get(depth.after) })),
      postgraphile: theirCursors.map((cursor) => graphql(theirWalked, { county: county.code, after: cursor })),
    },
    answer: { limit: ours, this: ours, postgraphile: theirs },
    begins,
  };
}
