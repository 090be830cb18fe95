import { describe, type Description } from "../entity/entity.js";
import { limits } from "../cql2/tree.js";
import { encodingsFor, itemsEncodings } from "./answer.js";
import type { Shown } from "./collection.js";
import { CRS84, systems } from "./crs.js";
import { schemaOf } from "./documents.js";
import { json, links, ok, onlyJson, operation, query, ref, type Json } from "./openapi-parts.js";
import { tileParameters, tilePaths, tileSchemas } from "./openapi-tiles.js";
import { DEFAULT_LIMIT, MAX_LIMIT, parameterQueryables } from "./parameters.js";

const uris = systems.map(({ uri }) => uri);

const parameters: Record<string, Json> = {
  limit: query("limit", `至多多少个要素;更大的值按 ${MAX_LIMIT} 计 / at most how many features; more counts as ${MAX_LIMIT}`, { type: "integer", minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT }),
  cursor: query("cursor", "下一页的游标,取自 next 链接;后续页按首页时点读取 / cursor of the next page, from the next link; later pages are read at the instant of the first", { type: "string", maxLength: 2000 }),
  bbox: query("bbox", "范围:西,南,东,北(可含高程),按 bbox-crs 的轴序;西大于东表示跨 180 度经线 / west, south, east, north (heights allowed) in the axis order of bbox-crs; west beyond east crosses the antimeridian", { type: "array", oneOf: [{ minItems: 4, maxItems: 4 }, { minItems: 6, maxItems: 6 }], items: { type: "number" } }),
  "bbox-crs": query("bbox-crs", "bbox 的坐标系 / system of bbox", { type: "string", format: "uri", enum: uris, default: CRS84.uri }),
  crs: query("crs", "几何的坐标系;EPSG 4490、4326 与高斯-克吕格按其轴序(纬度、北坐标在前) / system of the geometries; in the axis order of its authority", { type: "string", format: "uri", enum: uris, default: CRS84.uri }),
  datetime: query("datetime", "时刻、日期,或 起/止(.. 为不限);无时间的要素总在其中 / a moment, a day, or start/end (.. is open); features without a time always match", { type: "string" }),
  filter: query("filter", `CQL2 条件,至多 ${limits.filterText} 个字符 / condition in CQL2`, { type: "string", maxLength: limits.filterText }),
  "filter-lang": query("filter-lang", "条件的写法 / language of the filter", { type: "string", enum: ["cql2-text", "cql2-json"], default: "cql2-text" }),
  "filter-crs": query("filter-crs", "条件中几何的坐标系 / system of the filter's geometries", { type: "string", format: "uri", enum: uris, default: CRS84.uri }),
  asOf: query("asOf", "按该时刻所记录的数据读取;日期指当日末 / as recorded at this moment; a day means its end", { type: "string" }),
  f: query("f", "编码 / encoding", { type: "string", enum: itemsEncodings.map(({ f }) => f) }),
  ...tileParameters,
  featureId: { name: "featureId", in: "path", required: true, description: "全局标识 / global id", schema: { type: "string" } },
};

const link: Json = { type: "object", required: ["href", "rel"], properties: { href: { type: "string" }, rel: { type: "string" }, type: { type: "string" }, title: { type: "string" }, hreflang: { type: "string" }, templated: { type: "boolean" }, length: { type: "integer" } } };
const collection: Json = {
  type: "object",
  required: ["id", "links"],
  properties: {
    id: { type: "string" }, title: { type: "string" }, description: { type: "string" }, itemType: { type: "string", default: "feature" }, links,
    crs: { type: "array", items: { type: "string" }, default: [CRS84.uri] }, storageCrs: { type: "string", format: "uri" },
    extent: { type: "object", properties: { spatial: { type: "object", properties: { bbox: { type: "array", minItems: 1, items: { type: "array", minItems: 4, maxItems: 6, items: { type: "number" } } }, crs: { type: "string" } } }, temporal: { type: "object", properties: { interval: { type: "array", minItems: 1, items: { type: "array", minItems: 2, maxItems: 2, items: { type: "string", nullable: true } } }, trs: { type: "string" } } } } },
  },
};
const geometry: Json = { type: "object", nullable: true, required: ["type"], properties: { type: { type: "string", enum: ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"] }, coordinates: { type: "array", items: {} }, geometries: { type: "array", items: { type: "object" } } } };

const schemas: Record<string, Json> = {
  Link: link,
  Landing: { type: "object", required: ["links"], properties: { title: { type: "string" }, description: { type: "string" }, links } },
  Conformance: { type: "object", required: ["conformsTo"], properties: { conformsTo: { type: "array", items: { type: "string" } } } },
  Collection: collection,
  Collections: { type: "object", required: ["links", "collections"], properties: { links, collections: { type: "array", items: ref("schemas", "Collection") } } },
  Geometry: geometry,
  Schema: { type: "object", required: ["$schema", "$id", "type", "properties"], properties: { $schema: { type: "string" }, $id: { type: "string" }, type: { type: "string", enum: ["object"] }, properties: { type: "object" } } },
  ...tileSchemas,
  Problem: { type: "object", required: ["title", "status", "code"], properties: { type: { type: "string" }, title: { type: "string" }, status: { type: "integer" }, detail: { type: "string" }, code: { type: "string" }, requestId: { type: "string" } } },
};

const contentCrs = { "Content-Crs": { description: "几何的坐标系 / system of the geometries", schema: { type: "string" } } };

/** Properties as an answer holds them; OpenAPI 3.0 says null in its own way. */
function featureSchema({ properties }: Shown): Json {
  const values = Object.fromEntries(properties.map(([name, field]) => {
    const schema = schemaOf(field, "answer");
    return [name, { ...schema, description: describe(field), ...(field.nullable ? { nullable: true, ...(schema["enum"] ? { enum: [...(schema["enum"] as string[]), null] } : {}) } : {}) }];
  }));
  return { type: "object", required: ["type", "id", "geometry", "properties"], properties: { type: { type: "string", enum: ["Feature"] }, id: { type: "string" }, geometry: ref("schemas", "Geometry"), properties: { type: "object", properties: values, additionalProperties: false }, links } };
}

const pascal = (id: string) => id.split("-").map((part) => part[0]!.toUpperCase() + part.slice(1)).join("");

/** The OpenAPI 3.0 document of what this caller may ask. */
export function openApi(title: Description, shown: readonly Shown[], root: string): Json {
  const paths: Json = {
    "/": operation("getLandingPage", "入口 / landing page", "Capabilities", [onlyJson], ok("入口 / landing page", json(ref("schemas", "Landing")))),
    "/api": operation("getApi", "本文档 / this document", "Capabilities", [onlyJson], ok("OpenAPI 3.0", json({ type: "object" }, "application/vnd.oai.openapi+json;version=3.0"))),
    "/conformance": operation("getConformance", "所符合的标准 / conformance", "Capabilities", [onlyJson], ok("所符合的标准 / conformance", json(ref("schemas", "Conformance")))),
    "/collections": operation("getCollections", "要素集合 / collections", "Capabilities", [onlyJson], ok("要素集合 / collections", json(ref("schemas", "Collections")))),
    ...tilePaths(shown),
  };
  const features: Record<string, Json> = {};
  for (const each of shown) {
    const { id } = each.collection;
    const name = pascal(id);
    const at = `/collections/${id}`;
    const tag = describe(each.collection);
    features[`${name}Feature`] = featureSchema(each);
    features[`${name}Features`] = {
      type: "object",
      required: ["type", "features"],
      properties: { type: { type: "string", enum: ["FeatureCollection"] }, features: { type: "array", items: ref("schemas", `${name}Feature`) }, links, timeStamp: { type: "string", format: "date-time" }, numberMatched: { type: "integer", minimum: 0 }, numberReturned: { type: "integer", minimum: 0 } },
    };
    const own = [
      query("properties", "只给出这些属性 / only these properties", { type: "array", items: { type: "string", enum: each.properties.map(([field]) => field) } }),
      query("sortby", "排序:+ 升 - 降 / order: + ascending, - descending", { type: "array", items: { type: "string", pattern: `^[+-]?(${each.sortables.join("|")})$` } }),
      ...parameterQueryables(each).map((queryable) => query(queryable.name, `等于 / equal to: ${describe(queryable)}`, schemaOf(queryable, "filter"))),
    ];
    const shared = ["limit", "cursor", "bbox", "bbox-crs", "crs", "datetime", "filter", "filter-lang", "filter-crs", "asOf", "f"].map((parameter) => ref("parameters", parameter));
    const [geoJson, ...others] = encodingsFor(each.collection.kinds);
    const content = { ...json(ref("schemas", `${name}Features`), geoJson!.type), ...Object.assign({}, ...others.map(({ type }) => json(type === "application/flatgeobuf" ? { type: "string", format: "binary" } : { type: "string" }, type))) };
    paths[at] = operation(`describe${name}`, tag, tag, [onlyJson], ok("集合 / collection", json(ref("schemas", "Collection"))));
    paths[`${at}/queryables`] = operation(`get${name}Queryables`, "可查询的属性 / queryables", tag, [onlyJson], ok("JSON Schema", json(ref("schemas", "Schema"), "application/schema+json")));
    paths[`${at}/schema`] = operation(`get${name}Schema`, "要素的结构 / schema", tag, [onlyJson], ok("JSON Schema", json(ref("schemas", "Schema"), "application/schema+json")));
    paths[`${at}/items`] = operation(`get${name}Features`, "要素 / features", tag, [...shared, ...own], ok("一页要素 / a page of features", content, contentCrs));
    paths[`${at}/items/{featureId}`] = operation(`get${name}Feature`, "一个要素 / one feature", tag, [ref("parameters", "featureId"), ref("parameters", "crs"), ref("parameters", "asOf"), query("f", "编码 / encoding", { type: "string", enum: ["geojson", "json"] })], ok("一个要素 / one feature", json(ref("schemas", `${name}Feature`), "application/geo+json"), contentCrs));
  }
  const problem = (description: string) => ({ description, content: json(ref("schemas", "Problem"), "application/problem+json") });
  return {
    openapi: "3.0.3",
    info: { title: describe(title), version: "1.0.0", description: "OGC API Features 第 1 至 3 部分与 Tiles 第 1 部分;所示集合取决于密钥 / OGC API Features parts 1 to 3 and Tiles part 1; which collections there are depends on the key", license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" } },
    servers: [{ url: root }],
    security: [{}, { key: [] }, { password: [] }],
    tags: [{ name: "Capabilities" }, { name: "Tiles" }, ...shown.map(({ collection: each }) => ({ name: describe(each) }))],
    paths,
    components: {
      securitySchemes: { key: { type: "http", scheme: "bearer" }, password: { type: "http", scheme: "basic", description: "以密钥为密码,用户名任意 / the key as the password, any name" } },
      parameters,
      responses: { InvalidParameter: problem("参数有误 / a parameter is invalid"), Unauthenticated: problem("密钥无效 / the key is not valid"), NotFound: problem("没有,或不在范围内 / absent or out of scope"), NotAcceptable: problem("没有可接受的编码 / no acceptable encoding"), ServerError: problem("服务错误 / error of the service"), Overloaded: problem("繁忙,请稍后再试 / busy, come back later") },
      schemas: { ...schemas, ...features },
    },
  };
}
