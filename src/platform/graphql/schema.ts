import "reflect-metadata";
import { DirectiveLocation, GraphQLDirective, GraphQLString, lexicographicSortSchema, printSchema, specifiedDirectives, type GraphQLSchema } from "graphql";
import { buildSchema, type NonEmptyArray } from "type-graphql";
import { allEntities } from "../entity/entity.js";
import { attachResolvers } from "./attach.js";
import { boundIntrospection } from "./introspection.js";
import { mutationResolver } from "./mutations.js";
import { reportResolver, reportTypes } from "./reports.js";
import { describeStreams, eventTypes, NO_TOPICS, streamResolver } from "./streams.js";
import { entityType, madeResolvers, nodeField, prepareTypes, rootFields } from "./types.js";

const asOf = new GraphQLDirective({
  name: "asOf",
  description:
    "整个操作所取的时点:recorded 为系统当时所知,effective 为当时有效;时刻带时区,或日期(当日末) / The instant the whole operation is read at: what was known (recorded) and what was in force (effective); a moment with offset, or a day (its end)",
  locations: [DirectiveLocation.QUERY],
  args: {
    recorded: { type: GraphQLString, description: "系统所知的时点 / as known to the system then" },
    effective: { type: GraphQLString, description: "有效时点;缺省同 recorded / as in force then; recorded unless given" },
  },
});

/** Builds the schema from all declared entities and actions; features must be imported before. */
export async function makeSchema(): Promise<GraphQLSchema> {
  for (const entity of allEntities()) prepareTypes(entity);
  for (const entity of allEntities()) if (entity.root !== false) rootFields(entity);
  nodeField();
  const mutations = mutationResolver();
  const rows = reportTypes();
  const reports = reportResolver();
  const events = eventTypes();
  const streams = streamResolver();
  const schema = await buildSchema({
    resolvers: [...madeResolvers(), mutations, ...(rows.length > 0 ? [reports] : []), ...(events.length > 0 ? [streams] : [])] as unknown as NonEmptyArray<() => void>,
    orphanedTypes: [...allEntities().map((entity) => entityType(entity)), ...rows, ...events] as never,
    validate: false,
    pubSub: NO_TOPICS as never,
    directives: [...specifiedDirectives, asOf],
  });
  // type-graphql offers no place to describe the roots.
  schema.getQueryType()!.description = "查询;列表、计数、要素与单个对象同一范围、同一时点 / Queries: lists, counts, features and single objects share one scope and one instant";
  schema.getMutationType()!.description = "操作;每个 mutation 即操作表中的一行 / Actions: every mutation is one row of an action table";
  describeStreams(schema);
  boundIntrospection(schema);
  return attachResolvers(schema);
}

/** The contract as text, sorted, so that a difference is a change. */
export const printContract = (schema: GraphQLSchema) => `${printSchema(lexicographicSortSchema(schema))}\n`;
