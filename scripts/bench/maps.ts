import type { Inputs } from "./inputs.js";
import { graphql, statement, type Question } from "./question.js";
import { fields, pick, rows } from "./shape.js";

/** Groups in the order of their text: PostGraphile has no order by count. */
const sorted = (groups: readonly { count: number; currentLevel: unknown; region: unknown }[]) =>
  groups.map(({ count, currentLevel, region }) => ({ currentLevel, region: region === null ? null : { code: pick(region, "code"), name: pick(region, "name") }, count })).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

export function counts({ county }: Inputs): Question {
  const ours = (data: unknown) => sorted(rows(data, "riskCounts").map((group) => ({ count: Number(pick(group, "count")), currentLevel: pick(group, "currentLevel"), region: pick(group, "region") })));
  return {
    id: "Q4",
    zh: "统计:全区按等级与街镇",
    en: "counts of a county by level and town",
    note: "Q4: PostGraphile 的聚合插件没有计数,以 sum(1) 计,街镇名称同一请求另取 / PostGraphile's aggregates have no count: sum(1) stands for it, and the names of towns come in the same request.",
    asks: {
      limit: [statement("counts", county.code)],
      this: [graphql("query Q4($county: ID!) { riskCounts(by: [CURRENT_LEVEL, TOWN], filter: { within: $county }) { count currentLevel region { code name } } }", { county: `Region_${county.region}` })],
      postgraphile: [graphql(`query Q4($county: String!) { allRisks(condition: { countyCode: $county }) { groupedAggregates(groupBy: [CURRENT_LEVEL, TOWN_ID]) { keys sum { one } } } allRegions(condition: { countyCode: $county, level: "TOWN" }) { nodes { rowId code name } } }`, { county: county.code })],
    },
    answer: {
      limit: ours,
      this: ours,
      postgraphile: (data) => {
        const towns = new Map(rows(data, "allRegions", "nodes").map((town) => [pick(town, "rowId"), town]));
        return sorted(
          rows(data, "allRisks", "groupedAggregates").map((group) => {
            const [currentLevel, town] = rows(group, "keys");
            return { count: Number(pick(group, "sum", "one")), currentLevel, region: towns.get(town) ?? null };
          }),
        );
      },
    },
    begins: { limit: '{"data":{"riskCounts":[{', this: '{"data":{"riskCounts":[{', postgraphile: '{"data":{"allRisks":{"groupedAggregates":[{' },
  };
}

const PROPERTIES = "code name domain sector hazardFactor accidentType disasterType inherentLevel currentLevel controlLevel originClass keyAttention status nextReviewDue quality levelColour reviewOverdue createdAt updatedAt effectiveLevel elevated effectiveColour";

export function features({ boxes, points, county }: Inputs): Question {
  const ours = (data: unknown) => pick(data, "riskFeatures");
  return {
    id: "Q5",
    zh: `地图范围:${points.least} 至 ${points.most} 个点,GeoJSON`,
    en: `bounding box of ${points.least} to ${points.most} points as GeoJSON`,
    note: `Q5: ${boxes.length} 处 / places. PostGraphile: 几何与五个计算字段为 SQL 函数 / the geometry and five computed fields are SQL functions.`,
    asks: {
      limit: boxes.map(({ west, south, east, north }) => statement("features", county.code, west, south, east, north)),
      this: boxes.map((box) => graphql("query Q5($box: BBoxInput!) { riskFeatures(first: 2000, filter: { bbox: $box }) }", { box })),
      postgraphile: boxes.map((box) =>
        graphql(`query Q5($county: String!, $west: Float!, $south: Float!, $east: Float!, $north: Float!) { benchRisksInBox(county: $county, west: $west, south: $south, east: $east, north: $north, first: 2000) { nodes { rowId geojson ${PROPERTIES} } } }`, { county: county.code, ...box }),
      ),
    },
    answer: {
      limit: ours,
      this: ours,
      postgraphile: (data) => ({
        type: "FeatureCollection",
        features: rows(data, "benchRisksInBox", "nodes").map((node) => {
          const { rowId, geojson, ...properties } = fields(node);
          return { type: "Feature", id: `Risk_${String(rowId)}`, geometry: geojson, properties };
        }),
        truncated: false,
      }),
    },
    begins: { limit: '{"data":{"riskFeatures":{"type":"FeatureCollection","features":[{', this: '{"data":{"riskFeatures":{"type":"FeatureCollection","features":[{', postgraphile: '{"data":{"benchRisksInBox":{"nodes":[{' },
  };
}
