import { Arg, Args, ArgsType, Field, FieldResolver, Float, ID, InputType, Int, InterfaceType, ObjectType, Query, registerEnumType, Resolver, type ClassType } from "type-graphql";
import { crs } from "../crs.js";
import { describe, fieldsOf, placeTree, relationsOf, type Description, type Entity, type Field as DeclaredField } from "../entity/entity.js";
import type { EnumType } from "../entity/enumeration.js";
import { dimensionsOf, snakeUpper } from "../read/counts.js";
import { mean, meanObjectType, TYPE } from "../read/meaning.js";
import { DateScalar, DateTimeScalar, DecimalScalar, GeoJsonScalar, JsonScalar } from "./scalars.js";

type Made = ClassType<object>;
type TypeThunk = () => unknown;

/** An empty class of a name; decorators fill it from the declarations. */
export const classNamed = (name: string): Made => ({ [name]: class {} })[name] as unknown as Made;

export const addField = (target: Made, name: string, type: TypeThunk, description: string, nullable = false): void => {
  Field(type as never, { nullable, description })(target.prototype as object, name, undefined as never);
};

const SCALARS = { text: String, int: Int, float: Float, decimal: DecimalScalar, boolean: Boolean, date: DateScalar, dateTime: DateTimeScalar, json: JsonScalar, geometry: GeoJsonScalar } as const;

export const outputType = (field: Pick<DeclaredField, "kind" | "enumeration">): TypeThunk => {
  if (field.kind === "enum") return () => field.enumeration!.object;
  if (field.kind === "textList") return () => [String];
  const scalar = SCALARS[field.kind];
  return () => scalar;
};

const made = new Map<string, Made>();

function once(name: string, build: () => Made): Made {
  let known = made.get(name);
  if (!known) made.set(name, (known = build()));
  return known;
}

function inputNamed(name: string, { zh, en }: Description): Made {
  const target = classNamed(name);
  InputType(name, { description: describe({ zh, en }) })(target);
  return target;
}

const OPERATORS: Record<string, readonly (readonly [name: string, zh: string, en: string, list?: boolean, boolean?: boolean])[]> = {
  equality: [["eq", "等于", "equal to"], ["ne", "不等于", "not equal to"], ["in", "属于", "one of", true], ["notIn", "不属于", "none of", true], ["isNull", "为空", "is absent", false, true]],
  order: [["lt", "小于", "less than"], ["lte", "不大于", "at most"], ["gt", "大于", "greater than"], ["gte", "不小于", "at least"]],
  text: [["contains", "包含", "contains"], ["startsWith", "开头为", "starts with"]],
};

/** The filter input of a kind of value: typed operators, one grammar everywhere. */
function operatorInput(field: Pick<DeclaredField, "kind" | "enumeration">): Made {
  const enumeration: EnumType | undefined = field.kind === "enum" ? field.enumeration : undefined;
  const base = enumeration?.name ?? { text: "Text", int: "Int", float: "Float", decimal: "Decimal", boolean: "Boolean", date: "Date", dateTime: "DateTime", textList: "TextList", json: "JSON", geometry: "Geometry", enum: "Enum" }[field.kind];
  return once(`${base}Filter`, () => {
    const target = inputNamed(`${base}Filter`, { zh: "条件;同一对象内各项须同时满足", en: "conditions; all within one object must hold" });
    if (field.kind === "textList") {
      addField(target, "has", () => String, "含有该值 / holds the value", true);
      addField(target, "isEmpty", () => Boolean, "为空 / is empty", true);
      return target;
    }
    const scalar = outputType(field)();
    const groups = [OPERATORS["equality"]!, ...(["int", "float", "decimal", "date", "dateTime"].includes(field.kind) ? [OPERATORS["order"]!] : []), ...(field.kind === "text" ? [OPERATORS["text"]!] : [])];
    for (const [name, zh, en, list, truth] of groups.flat()) addField(target, name, () => (truth ? Boolean : list ? [scalar] : scalar), `${zh} / ${en}`, true);
    return target;
  });
}

const idFilter = () =>
  once("IdFilter", () => {
    const target = inputNamed("IdFilter", { zh: "按标识筛选", en: "by id" });
    addField(target, "eq", () => ID, "等于 / equal to", true);
    addField(target, "in", () => [ID], "属于 / one of", true);
    return target;
  });

const nearInput = () =>
  once("NearInput", () => {
    const target = inputNamed("NearInput", { zh: "某点周围若干米(椭球面距离)", en: "so many metres around a point, on the ellipsoid" });
    addField(target, "point", () => GeoJsonScalar, "中心点 / centre, a Point");
    addField(target, "metres", () => Float, "米,大于 0,至多 200000 / metres, more than 0, at most 200000");
    return target;
  });

/** How a geometry is to leave: system, decimals, simplification. */
const drawingArguments: readonly (readonly [name: string, type: TypeThunk, description: string])[] = [
  ["crs", () => crs.object, "坐标系;缺省 EPSG4490 / coordinate system; EPSG4490 unless told"],
  ["precision", () => Int, "小数位数 0-9;缺省度 7 位、米 3 位 / decimals, 0-9; 7 of degrees and 3 of metres unless told"],
  ["simplifyMetres", () => Float, "化简:偏离不超过若干米 / simplified, deviating by no more than so many metres"],
];

const drawingType = (): Made =>
  once("DrawingArguments", () => {
    const target = classNamed("DrawingArguments");
    ArgsType()(target);
    for (const [name, type, description] of drawingArguments) addField(target, name, type, description, true);
    return target;
  });

/** Arguments of a root field that gives features. */
export const drawingArgs = (target: object, name: string, from: number): void =>
  drawingArguments.forEach(([argument, type, description], index) => void Arg(argument, type as never, { nullable: true, description })(target, name, from + index));

export const bboxInput = () =>
  once("BBoxInput", () => {
    const target = inputNamed("BBoxInput", { zh: "经纬度范围,CGCS2000", en: "box in degrees, CGCS2000" });
    for (const [side, zh] of [["west", "西"], ["south", "南"], ["east", "东"], ["north", "北"]] as const) addField(target, side, () => Float, `${zh}界 / ${side}`);
    return target;
  });

const hasGeometry = (entity: Entity) => Object.values(entity.fields).some((field) => field.kind === "geometry");

/** The filter input of an entity; relations lead to the filters of their targets. */
export function filterInput(entity: Entity): Made {
  return once(`${entity.name}Filter`, () => {
    const target = inputNamed(`${entity.name}Filter`, { zh: `${entity.zh}的筛选条件`, en: `conditions on ${entity.en}` });
    made.set(`${entity.name}Filter`, target);
    addField(target, "and", () => [target], "同时满足 / all of", true);
    addField(target, "or", () => [target], "满足其一 / any of", true);
    addField(target, "not", () => target, "不满足 / not", true);
    const ids = idFilter();
    addField(target, "id", () => ids, "标识 / id", true);
    if (entity.scope.kind === "placed") addField(target, "within", () => ID, "位于该行政区划及其下级 / within the subtree of this region", true);
    const bbox = bboxInput();
    const near = nearInput();
    if (hasGeometry(entity)) {
      addField(target, "bbox", () => bbox, "位置在范围内 / located in the box", true);
      addField(target, "insidePolygon", () => GeoJsonScalar, "位于多边形内(含边界),CGCS2000 / within the polygon, its edge included, CGCS2000", true);
      addField(target, "intersects", () => GeoJsonScalar, "与几何相交,CGCS2000 / meets the geometry, CGCS2000", true);
      addField(target, "near", () => near, "距某点若干米以内 / within so many metres of a point", true);
    }
    for (const [name, field] of Object.entries(fieldsOf(entity))) if (field.filter) {
      const operators = operatorInput(field);
      addField(target, name, () => operators, describe(field), true);
    }
    for (const [name, relation] of Object.entries(relationsOf(entity))) {
      const other = relation.target();
      if (other.versionsOf) continue;
      if (relation.match) mean(target.name, name, { kind: "many", entity, name });
      addField(target, name, () => (relation.cardinality === "one" ? filterInput(other) : listFilter(other)), describe(relation), true);
    }
    return target;
  });
}

const listFilter = (entity: Entity): Made =>
  once(`${entity.name}ListFilter`, () => {
    const target = inputNamed(`${entity.name}ListFilter`, { zh: `对所属${entity.zh}的条件`, en: `conditions on the ${entity.en} of it` });
    for (const [name, zh, en] of [["some", "至少一个满足", "at least one"], ["every", "全部满足", "all of them"], ["none", "没有一个满足", "none of them"]] as const) addField(target, name, () => filterInput(entity), `${zh} / ${en}`, true);
    return target;
  });

function enumOf(name: string, description: Description, values: readonly (readonly [value: string, inner: string, description: Description])[]): object {
  const object = Object.fromEntries(values.map(([value, inner]) => [value, inner]));
  registerEnumType(object, { name, description: describe(description), valuesConfig: Object.fromEntries(values.map(([value, , on]) => [value, { description: describe(on) }])) as never });
  return object;
}

const direction = enumOf("OrderDirection", { zh: "排序方向", en: "direction of order" }, [
  ["ASC", "ASC", { zh: "升序", en: "ascending" }],
  ["DESC", "DESC", { zh: "降序", en: "descending" }],
]);

function orderInput(entity: Entity): Made | undefined {
  const sortable = Object.entries(fieldsOf(entity)).filter(([, field]) => field.sort);
  if (sortable.length === 0) return undefined;
  return once(`${entity.name}Order`, () => {
    const fields = enumOf(`${entity.name}OrderField`, { zh: `${entity.zh}的排序字段`, en: `fields to order ${entity.en} by` }, sortable.map(([name, field]) => [snakeUpper(name), name, field] as const));
    const target = inputNamed(`${entity.name}Order`, { zh: `${entity.zh}的排序`, en: `order of ${entity.en}` });
    addField(target, "field", () => fields, "字段 / field");
    addField(target, "direction", () => direction, "方向 / direction");
    return target;
  });
}

export function listArguments(entity: Entity): Made {
  return once(`${entity.name}ListArguments`, () => {
    const target = classNamed(`${entity.name}ListArguments`);
    ArgsType()(target);
    addField(target, "first", () => Int, "自前取多少条,1-100;与 last 必居其一 / how many from the front, 1-100; either first or last", true);
    addField(target, "last", () => Int, "自后取多少条,1-100 / how many from the back, 1-100", true);
    addField(target, "after", () => String, "此游标之后(与 first 同用) / after this cursor (with first)", true);
    addField(target, "before", () => String, "此游标之前(与 last 同用) / before this cursor (with last)", true);
    if (entity.versionsOf) return target;
    const filter = filterInput(entity);
    addField(target, "filter", () => filter, "筛选 / conditions", true);
    const order = orderInput(entity);
    if (order) addField(target, "orderBy", () => [order], "排序;缺省为自然顺序 / order; the natural one unless given", true);
    return target;
  });
}

const pageInfo = () =>
  once("PageInfo", () => {
    const target = classNamed("PageInfo");
    ObjectType("PageInfo", { description: "分页信息 / where a page stands" })(target);
    addField(target, "hasNextPage", () => Boolean, "后面还有 / more follow");
    addField(target, "hasPreviousPage", () => Boolean, "前面还有 / more precede");
    addField(target, "startCursor", () => String, "首条游标 / cursor of the first", true);
    addField(target, "endCursor", () => String, "末条游标 / cursor of the last", true);
    return target;
  });

/** What has a global id. */
const nodeType = () =>
  once("Node", () => {
    const target = classNamed("Node");
    InterfaceType("Node", { description: "有全局标识的对象 / an object with a global id", resolveType: (row: Record<string, unknown>) => String(row[TYPE]) })(target);
    addField(target, "id", () => ID, "全局标识 / global id");
    return target;
  });

/** The root field by which any object is found by its global id alone. */
export function nodeField(): void {
  const queries = classNamed("NodeQueries");
  Object.defineProperty(queries.prototype, "node", { value: unattached, writable: true, configurable: true });
  Resolver()(queries);
  Query((() => nodeType()) as never, { nullable: true, description: "按全局标识取任一对象;不存在或无权则为空 / any object by its global id; null when absent or out of scope" })(queries.prototype as object, "node", Object.getOwnPropertyDescriptor(queries.prototype, "node")!);
  Arg("id", () => ID, { description: "全局标识 / global id" })(queries.prototype as object, "node", 0);
  mean("Query", "node", { kind: "node" });
  resolvers.push(queries);
}

/** The type rows of an entity are shown as: an object type, or the interface of its variants. */
export function entityType(entity: Entity): Made {
  return once(entity.name, () => {
    const target = classNamed(entity.name);
    made.set(entity.name, target);
    const description = describe(entity);
    if (!entity.variants) {
      ObjectType(entity.name, { description, ...(entity.versionsOf || entity.report ? {} : { implements: nodeType() }) })(target);
      fillType(target, entity.name, entity, entity.fields, entity.relations);
      meanObjectType(entity, "", entity.name);
      return target;
    }
    const names = Object.fromEntries(Object.entries(entity.variants.types).map(([value, { name }]) => [value, name]));
    InterfaceType(entity.name, { description, implements: nodeType(), resolveType: (row: Record<string, unknown>) => names[String(row["variant"])]! })(target);
    fillType(target, entity.name, entity, entity.fields, entity.relations, false);
    for (const [value, variant] of Object.entries(entity.variants.types)) {
      const type = once(variant.name, () => {
        const object = classNamed(variant.name);
        ObjectType(variant.name, { description: describe(variant), implements: [target, nodeType()] })(object);
        return object;
      });
      fillType(type, variant.name, entity, { ...entity.fields, ...variant.fields }, { ...entity.relations, ...variant.relations });
      meanObjectType(entity, value, variant.name);
    }
    return target;
  });
}

function fillType(target: Made, typeName: string, entity: Entity, fields: Record<string, DeclaredField>, relations: Entity["relations"], concrete = true): void {
  if (!entity.versionsOf && !entity.report) {
    addField(target, "id", () => ID, "全局标识 / global id");
    if (concrete) mean(typeName, "id", { kind: "id", entity });
  }
  for (const [name, field] of Object.entries(fields)) {
    const type = field.from === "code" && field.list ? () => [String] : outputType(field);
    const masked = field.clear ? "(按权限脱敏)" : "";
    const description = `${field.zh}${masked} / ${field.en}${field.clear ? " (masked by permission)" : ""}`;
    // Not every system reaches every place: a geometry may be null in the one asked for.
    const nullable = field.nullable || Boolean(field.clear) || field.kind === "geometry";
    // Made now: type-graphql takes only what exists when it begins.
    const drawing = field.kind === "geometry" ? drawingType() : undefined;
    if (drawing) argumentField(target, name, type, description, (prototype) => Args((() => drawing) as never)(prototype, name, 0), nullable);
    else addField(target, name, type, description, nullable);
    if (concrete) mean(typeName, name, { kind: "field", entity, name });
  }
  for (const [name, relation] of Object.entries(relations)) {
    if (relation.cardinality === "one") addField(target, name, () => entityType(relation.target()), describe(relation), true);
    else argumentField(target, name, () => connectionType(relation.target()), describe(relation), (prototype) => Args((() => listArguments(relation.target())) as never)(prototype, name, 0));
    if (concrete) mean(typeName, name, { kind: relation.cardinality, entity, name });
    if (relation.target().versionsOf) versionAtField(target, relation.target(), concrete ? typeName : undefined);
  }
}

/** Beside its versions, the one that stood at an instant. */
function versionAtField(target: Made, versions: Entity, typeName: string | undefined): void {
  const description = "某一时点在册的版本及形成它的操作;当时尚未登记则为空 / the version that stood at an instant, with the action that made it; null where it was not yet registered";
  argumentField(target, "versionAt", () => entityType(versions), description, (prototype) => Arg("recorded", () => DateTimeScalar, { description: "系统当时所知的时点 / the instant, as known to the system then" })(prototype, "versionAt", 0), true);
  if (typeName) mean(typeName, "versionAt", { kind: "versionAt", versions });
}

/** Declares a field with arguments; what it answers is attached to the finished schema. */
function argumentField(target: Made, name: string, type: TypeThunk, description: string, takes: (prototype: object) => void, nullable = false): void {
  const resolver = classNamed(`${target.name}_${name}`);
  Object.defineProperty(resolver.prototype, name, { value: unattached, writable: true, configurable: true });
  Resolver(() => target)(resolver);
  FieldResolver(type as never, { description, nullable })(resolver.prototype as object, name, Object.getOwnPropertyDescriptor(resolver.prototype, name)!);
  takes(resolver.prototype as object);
  resolvers.push(resolver);
}

const unattached = () => {
  throw new Error("a field was not attached to its meaning");
};

const resolvers: Made[] = [];

export function connectionType(entity: Entity): Made {
  return once(`${entity.name}Connection`, () => {
    const edge = classNamed(`${entity.name}Edge`);
    ObjectType(`${entity.name}Edge`, { description: `${entity.zh}及其游标 / ${entity.en} with its cursor` })(edge);
    addField(edge, "cursor", () => String, "游标 / cursor");
    addField(edge, "node", () => entityType(entity), describe(entity));
    const target = classNamed(`${entity.name}Connection`);
    ObjectType(`${entity.name}Connection`, { description: `${entity.zh}的一页 / a page of ${entity.en}` })(target);
    addField(target, "edges", () => [edge], "条目及游标 / items with cursors");
    addField(target, "nodes", () => [entityType(entity)], "条目 / items");
    const page = pageInfo();
    addField(target, "pageInfo", () => page, "分页信息 / where the page stands");
    addField(target, "totalCount", () => Int, "总数,至多数到 10000 / number of all, counted up to 10000");
    addField(target, "totalCountIsExact", () => Boolean, "总数是否精确 / whether that number is exact");
    return target;
  });
}

export const camel = (name: string) => name[0]!.toLowerCase() + name.slice(1);

/** Resolver class with the root fields of an entity: one, list, counts, features. */
export function rootFields(entity: Entity): void {
  const single = camel(entity.name);
  const queries = classNamed(`${entity.name}Queries`);
  const declare = (name: string, type: TypeThunk, description: string, nullable: boolean, args: (index: number) => void) => {
    Object.defineProperty(queries.prototype, name, { value: unattached, writable: true, configurable: true });
    Query(type as never, { nullable, description })(queries.prototype as object, name, Object.getOwnPropertyDescriptor(queries.prototype, name)!);
    args(0);
  };
  const takes = (name: string) => () => Args((() => listArguments(entity)) as never)(queries.prototype as object, name, 0);
  Resolver()(queries);
  declare(single, () => entityType(entity), `按标识取${entity.zh};不存在或无权则为空 / ${entity.en} by id; null when absent or out of scope`, true, () =>
    Arg("id", () => ID, { description: "全局标识 / global id" })(queries.prototype as object, single, 0),
  );
  mean("Query", single, { kind: "rootOne", entity });
  declare(entity.plural, () => connectionType(entity), `${entity.zh}列表 / list of ${entity.en}`, false, takes(entity.plural));
  mean("Query", entity.plural, { kind: "rootList", entity });
  const dimensions = dimensionsOf(entity);
  const placed = entity.scope.kind === "placed";
  if (dimensions.length > 0) {
    const counts = `${single}Counts`;
    const values = [
      ...dimensions.map(({ value, field }) => [value, value, field] as const),
      ...(placed ? Object.entries(placeTree().tree.counts).map(([level, label]) => [level, level, label] as const) : []),
    ];
    const dimension = enumOf(`${entity.name}Dimension`, { zh: `${entity.zh}的统计维度`, en: `dimensions to count ${entity.en} by` }, values);
    const type = classNamed(`${entity.name}Count`);
    ObjectType(`${entity.name}Count`, { description: `${entity.zh}的一组数量 / number of ${entity.en} in a group` })(type);
    addField(type, "count", () => Int, "数量 / number");
    for (const { name, field } of dimensions) addField(type, name, outputType(field), describe(field), true);
    if (placed) addField(type, "region", () => entityType(placeTree()), "区划(按区划统计时) / region, when counted by region", true);
    if (placed) mean(`${entity.name}Count`, "region", { kind: "id", entity: placeTree() });
    declare(counts, () => [type], `${entity.zh}按维度计数 / ${entity.en} counted by dimensions`, false, () => {
      Arg("by", () => [dimension], { description: "维度;空列表只给总数 / dimensions; an empty list gives the total" })(queries.prototype as object, counts, 0);
      Arg("filter", () => filterInput(entity), { nullable: true, description: "筛选 / conditions" })(queries.prototype as object, counts, 1);
    });
    mean("Query", counts, { kind: "counts", entity });
  }
  if (hasGeometry(entity)) {
    const features = `${single}Features`;
    declare(features, () => GeoJsonScalar, `${entity.zh}要素集(GeoJSON FeatureCollection);超出 first 时 truncated 为真,高等级优先保留 / ${entity.en} as one GeoJSON FeatureCollection; truncated tells that first applied, higher levels are kept`, false, () => {
      Arg("first", () => Int, { description: "至多多少个,1-5000 / at most how many, 1-5000" })(queries.prototype as object, features, 0);
      Arg("filter", () => filterInput(entity), { nullable: true, description: "筛选 / conditions" })(queries.prototype as object, features, 1);
      drawingArgs(queries.prototype as object, features, 2);
    });
    mean("Query", features, { kind: "features", entity });
  }
  resolvers.push(queries);
}

/** type-graphql gathers what exists when it starts: everything an entity may need is made before. */
export function prepareTypes(entity: Entity): void {
  entityType(entity);
  listArguments(entity);
  if (!entity.versionsOf) listFilter(entity);
  connectionType(entity);
}

export const madeResolvers = (): readonly Made[] => resolvers;
