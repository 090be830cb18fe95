import { describe, type Description, type FieldKind } from "../entity/entity.js";
import type { EnumType } from "../entity/enumeration.js";
import { encodingsFor, type Link } from "./answer.js";
import type { Shown } from "./collection.js";
import { CRS84, STORED, systems } from "./crs.js";

const FEATURES_1 = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/";
const FEATURES_2 = "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/";
const FEATURES_3 = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/";
const TILES_1 = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/";
const MATRIX_SETS_2 = "http://www.opengis.net/spec/tms/2.0/conf/";
const CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf/";

/** What holds, no more: each class is held by tests. */
export const conformance: readonly string[] = [
  ...["core", "oas30", "geojson"].map((name) => FEATURES_1 + name),
  `${FEATURES_2}crs`,
  ...["queryables", "queryables-query-parameters", "filter", "features-filter"].map((name) => FEATURES_3 + name),
  ...["cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators", "case-insensitive-comparison", "accent-insensitive-comparison", "basic-spatial-functions", "basic-spatial-functions-plus", "spatial-functions", "temporal-functions", "array-functions", "property-property", "arithmetic"].map((name) => CQL2 + name),
  ...["core", "tileset", "tilesets-list", "dataset-tilesets", "geodata-tilesets", "collections-selection", "oas30", "mvt"].map((name) => TILES_1 + name),
  ...["tilematrixset", "tilematrixsetlimits", "tilesetmetadata", "json-tilematrixset", "json-tilematrixsetlimits", "json-tilesetmetadata"].map((name) => MATRIX_SETS_2 + name),
];

const QUERYABLES_REL = "http://www.opengis.net/def/rel/ogc/1.0/queryables";
const TILESETS_REL = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector";
const SCHEMES_REL = "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes";
const SCHEMA_REL = "http://www.opengis.net/def/rel/ogc/1.0/schema";
const DRAFT = "https://json-schema.org/draft/2020-12/schema";
const json = "application/json";

export const landing = (title: Description, root: string) => ({
  title: describe(title),
  description: "调用者管辖范围内的要素;无密钥为公众。 / Features within the caller's scope; without a key, the public's.",
  links: [
    { href: root, rel: "self", type: json, title: "本页 / this document" },
    { href: `${root}/api`, rel: "service-desc", type: "application/vnd.oai.openapi+json;version=3.0", title: "接口定义 / definition of the API" },
    { href: `${root}/conformance`, rel: "conformance", type: json, title: "所符合的标准 / conformance" },
    { href: `${root}/collections`, rel: "data", type: json, title: "要素集合 / collections" },
    { href: `${root}/tiles`, rel: TILESETS_REL, type: json, title: "矢量瓦片 / vector tiles" },
    { href: `${root}/tileMatrixSets`, rel: SCHEMES_REL, type: json, title: "切片方案 / tile matrix sets" },
  ] satisfies Link[],
});

/** One collection, the same in the list and by itself. */
export function collectionDocument({ collection, extent, time }: Shown, root: string) {
  const self = `${root}/collections/${collection.id}`;
  return {
    id: collection.id,
    title: describe(collection),
    description: `${collection.zh}:只含有位置的记录,按调用者的管辖范围。 / ${collection.en}: the rows that have a position, within the caller's scope.`,
    itemType: "feature",
    extent: { spatial: { bbox: [extent], crs: CRS84.uri }, ...(time ? { temporal: { interval: [[null, null]], trs: "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian" } } : {}) },
    crs: systems.map(({ uri }) => uri),
    storageCrs: STORED.uri,
    links: [
      { href: self, rel: "self", type: json, title: "本集合 / this collection" },
      ...encodingsFor(collection.kinds).map(({ f, type }) => ({ href: `${self}/items?f=${f}`, rel: "items", type, title: `要素 / features: ${f}` })),
      { href: `${self}/queryables`, rel: QUERYABLES_REL, type: "application/schema+json", title: "可查询的属性 / queryables" },
      { href: `${self}/schema`, rel: SCHEMA_REL, type: "application/schema+json", title: "要素的结构 / schema of the features" },
      { href: `${self}/tiles`, rel: TILESETS_REL, type: json, title: "矢量瓦片 / vector tiles" },
    ] satisfies Link[],
  };
}

export const collectionsDocument = (shown: readonly Shown[], root: string) => ({
  links: [{ href: `${root}/collections`, rel: "self", type: json, title: "本文档 / this document" }] satisfies Link[],
  collections: shown.map((each) => collectionDocument(each, root)),
});

interface Typed {
  kind: FieldKind;
  enumeration?: EnumType | undefined;
}

/** JSON Schema of a value. `stored` as an answer writes it, else as a filter compares it. */
export function schemaOf({ kind, enumeration }: Typed, shown: "answer" | "filter", kinds: readonly string[] = []): Record<string, unknown> {
  switch (kind) {
    case "enum":
      return { type: "string", enum: enumeration!.values };
    case "int":
      return { type: "integer" };
    case "float":
      return { type: "number" };
    case "decimal":
      return shown === "answer" ? { type: "string", format: "decimal" } : { type: "number" };
    case "boolean":
      return { type: "boolean" };
    case "date":
      return { type: "string", format: "date" };
    case "dateTime":
      return { type: "string", format: "date-time" };
    case "textList":
      return { type: "array", items: { type: "string" } };
    case "geometry":
      return { format: kinds.length === 1 ? `geometry-${kinds[0]!.toLowerCase()}` : "geometry-any" };
    default:
      return { type: "string" };
  }
}

const titled = ({ zh, en, enumeration }: { zh: string; en: string; enumeration?: EnumType | undefined }) => ({
  title: `${zh} / ${en}`,
  ...(enumeration ? { description: enumeration.values.map((value) => `${value}: ${describe(enumeration.labels[value]!)}`).join("; ") } : {}),
});

export const queryablesDocument = ({ collection, queryables }: Shown, root: string) => ({
  $schema: DRAFT,
  $id: `${root}/collections/${collection.id}/queryables`,
  type: "object",
  title: describe(collection),
  properties: Object.fromEntries([...queryables].map(([name, queryable]) => [name, { ...titled(queryable), ...schemaOf(queryable, "filter", collection.kinds), ...(queryable.kind === "geometry" ? { "x-ogc-role": "primary-geometry" } : name === "id" ? { "x-ogc-role": "id" } : {}) }])),
  additionalProperties: false,
});

export function schemaDocument({ collection, geometry, properties, time }: Shown, root: string) {
  const roles: Record<string, string> = time ? (time[1] === undefined ? { [time[0]]: "primary-instant" } : { [time[0]]: "primary-interval-start", [time[1]]: "primary-interval-end" }) : {};
  return {
    $schema: DRAFT,
    $id: `${root}/collections/${collection.id}/schema`,
    type: "object",
    title: describe(collection),
    properties: Object.fromEntries([
      ["id", { title: "全局标识 / global id", type: "string", "x-ogc-role": "id", readOnly: true }],
      ...properties.map(([name, field]) => {
        const { type, ...schema } = schemaOf(field, "answer");
        return [name, { ...titled(field), type: field.nullable ? [type, "null"] : type, ...schema, ...(field.nullable && Array.isArray(schema["enum"]) ? { enum: [...(schema["enum"] as string[]), null] } : {}), ...(roles[name] ? { "x-ogc-role": roles[name] } : {}), readOnly: true }];
      }),
      [collection.geometry, { ...titled(geometry), ...schemaOf(geometry, "answer", collection.kinds), "x-ogc-role": "primary-geometry", readOnly: true }],
    ]),
    additionalProperties: false,
  };
}
