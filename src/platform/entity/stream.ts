import type { Actor } from "../actor.js";
import { layered, type Description, type Entity, type Field } from "./entity.js";
import type { ReportArgument } from "./report.js";

/** What a stream is opened with: who listens, asked anew when it matters, since a key may be revoked meanwhile. */
export interface Listening {
  actorNow: () => Promise<Actor>;
  /** What changes are heard from. */
  changes: Changes;
}

/** Something that tells of changes by name until it is returned. */
export interface Changes {
  follow(names: readonly string[] | null, actorNow: () => Promise<Actor>): Promise<AsyncIterableIterator<Readonly<Record<string, unknown>>>>;
}

/** A field of the subscription: what it is asked by, what each event tells, and how it is opened. */
export interface Stream extends Description {
  name: string;
  args: Readonly<Record<string, ReportArgument>>;
  fields: Readonly<Record<string, Field>>;
  open: (args: Readonly<Record<string, unknown>>, listening: Listening) => Promise<AsyncIterableIterator<Readonly<Record<string, unknown>>>>;
  readonly row: Entity;
}

const streams: Stream[] = [];

/** Registers a stream: the subscription's field and the type of its events are made from it. */
export function stream(declaration: Omit<Stream, "row">): void {
  const typeName = `${declaration.name[0]!.toUpperCase()}${declaration.name.slice(1)}Event`;
  const row: Entity = {
    name: typeName,
    plural: declaration.name,
    table: declaration.name,
    zh: `事件:${declaration.zh}`,
    en: `event: ${declaration.en}`,
    scope: { kind: "shared" },
    order: [],
    root: false,
    report: true,
    prefix: `${typeName}_`,
    fields: layered(declaration.fields, declaration.name),
    relations: {},
  };
  streams.push({ ...declaration, row });
}

export const allStreams = (): readonly Stream[] => streams;
