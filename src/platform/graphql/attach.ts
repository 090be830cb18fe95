import { defaultFieldResolver, isObjectType, type GraphQLFieldResolver, type GraphQLSchema } from "graphql";
import { fieldsOf, globalId, parseId, type Entity, type Row } from "../entity/entity.js";
import { dimensionsOf } from "../read/counts.js";
import { meaningOf, objectTypesOf, TYPE, type Meaning } from "../read/meaning.js";
import type { PageArguments } from "../read/page.js";
import type { CountItem } from "../read/tree.js";
import type { RequestContext } from "../request.js";
import { doAction, outOfScope } from "../write/deed.js";

type Resolve = GraphQLFieldResolver<unknown, RequestContext, Record<string, unknown>>;

/** Gives every field its resolver from its meaning: ordinary execution over the same SQL as compiled reads. */
export function attachResolvers(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) {
      const meaning = meaningOf(type.name, field.name);
      if (meaning) field.resolve = resolverOf(meaning) as GraphQLFieldResolver<unknown, unknown>;
      else if (field.name === "nodes" && type.name.endsWith("Connection")) field.resolve = (page) => (page as { edges: { node: unknown }[] }).edges.map((edge) => edge.node);
      else if (type !== schema.getQueryType()) field.resolve = defaultFieldResolver;
    }
  }
  return schema;
}

function resolverOf(meaning: Meaning): Resolve {
  switch (meaning.kind) {
    case "id":
      // A count's region is loaded already; an entity's own id is made from its UUID.
      return (row, _args, _context, info) => (info.fieldName === "id" ? globalId(meaning.entity, (row as Row).uuid) : (row as Record<string, unknown>)[info.fieldName]);
    case "field": {
      const field = fieldsOf(meaning.entity)[meaning.name]!;
      if (field.kind === "geometry") return (row, args, context) => context.reader.drawn(meaning.entity, meaning.name, row as Row, plain(args) as Record<string, unknown>);
      if (field.from === "column") return (row) => (row as Row)[meaning.name];
      if (field.from === "sql") return (row, _args, context) => (meaning.name in (row as Row) ? (row as Row)[meaning.name] : context.reader.computed(meaning.entity, meaning.name, row as Row));
      return (row, _args, context) => field.compute(row as Row, context.actor);
    }
    case "one":
      return (row, _args, context) => context.reader.linked(meaning.entity, meaning.name, row as Row);
    case "many":
      return (row, args, context) => context.reader.related(meaning.entity, meaning.name, row as Row, plain(args));
    case "versionAt":
      return (row, args, context) => context.reader.versionAt(meaning.versions, row as Row, { ...args });
    case "rootOne":
      return (_root, args, context) => context.reader.byId(meaning.entity, args["id"]);
    case "rootList":
      return (_root, args, context) => context.reader.list(meaning.entity, plain(args));
    case "features":
      return (_root, args, context) => context.reader.features(meaning.entity, plain(args) as Record<string, unknown>);
    case "counts":
      return (_root, args, context) => context.reader.counts({ kind: "counts", entity: meaning.entity, site: 0, items: everyCountItem(meaning.entity) }, plain(args) as Record<string, unknown>);
    case "report":
      return (_root, args, context) => context.reader.report(meaning.report, plain(args) as Record<string, unknown>);
    case "reportFeatures":
      return (_root, args, context) => context.reader.reportFeatures(meaning.report, plain(args) as Record<string, unknown>);
    case "acted":
      return mutation(meaning.action, meaning.entity);
    case "node":
      return async (_root, args, context) => {
        const parsed = parseId(String(args["id"]));
        // Versions and rows of reports are shown beneath what they are of, and are no objects of their own.
        const row = parsed && !parsed.entity.versionsOf && (await context.reader.row(parsed.entity, parsed.uuid));
        return row ? { ...row, [TYPE]: objectTypesOf(parsed.entity).get(String(row["variant"] ?? "")) } : null;
      };
  }
}

/** Arguments without the classes type-graphql would wrap them in, and without absent keys. */
const plain = (args: Record<string, unknown>): PageArguments => JSON.parse(JSON.stringify(args)) as PageArguments;

function everyCountItem(entity: Entity): CountItem[] {
  const item = (key: string, part: CountItem["part"]): CountItem => ({ key, aliased: false, part });
  const region = meaningOf(`${entity.name}Count`, "region");
  return [
    item("count", { kind: "count" }),
    ...dimensionsOf(entity).map(({ name }) => item(name, { kind: "dimension", name })),
    ...(region?.kind === "id" ? [item("region", { kind: "region", selection: { entity: region.entity, items: null, variants: null } })] : []),
  ];
}

/** Runs the action, then reads its payload anew — of a repeated key, as of the first answer's instant. */
const mutation =
  (name: string, entity: Entity): Resolve =>
  async (_root, args, context) => {
    const done = await doAction(name, args, context);
    const row = await context.reader.row(entity, done.uuid);
    if (!row) throw outOfScope(done);
    return row;
  };
