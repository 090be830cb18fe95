import { createHash, randomUUID } from "node:crypto";
import type { Pool } from "pg";
import type { Actor } from "../actor.js";
import { Bounded } from "../bounded.js";
import { sendRead } from "../db/prepared.js";
import { STORED_CRS } from "../crs.js";
import { audiencesOf, layerOf as layerOfPolicy } from "../read/drawing.js";
import type { Hints } from "../read/hints.js";
import { actorShape, ReadSql, timeShape, type Instant } from "../read/read-sql.js";
import { shapeOf } from "../read/shape.js";
import { encodeTile, ENCODER_VERSION, EXTENT, type TileLayer } from "./encode.js";
import type { Tile } from "./kept-tiles.js";
import type { MapLayer } from "./map-layer.js";
import { frameOf, type Address, type Frame, type Matrix } from "./matrix.js";
import { AREA_MARGIN } from "./areas.js";
import { reachOfCells } from "./cells.js";
import { CELL, MOST_FEATURES, POINT_MARGIN } from "./points.js";
import { movedBy, revisionOf } from "./revision.js";
import { fieldOf } from "./rows.js";
import { layerOf, modeAt, modesOf, tileStatement, type Encoder, type Mode, type TileStatement } from "./statement.js";
import { VERSION_LENGTH } from "./versions.js";

/** One tile as one caller asks for it. */
export interface Asked {
  layers: readonly { layer: MapLayer; filter: unknown }[];
  address: Address;
  /** As recorded then; null for now. */
  asOf: string | null;
  actor: Actor;
}

/** A tile before it is made: what it is known by, and how to make it. */
export interface Planned {
  /** Equal keys mean equal tiles; made without a look at any geometry. */
  key: string;
  marks: number;
  make: () => Promise<Tile>;
}

/** A layer of a tile by its statement, before its values are known. */
interface Chosen {
  statement: TileStatement;
  filter: unknown;
  mode: Mode;
}

interface Bound extends Chosen {
  values: unknown[];
  /** What the caller is given of the layer, and the moment that last changed what is said. */
  given: { digits: number; turn: string | null };
}

/** The system of a tile's coordinates, as policies name it. */
export const systemOf = ({ matrix, shifted }: Pick<Address, "matrix" | "shifted">) => (shifted ? "GCJ02" : matrix.mercator ? "WEB_MERCATOR" : STORED_CRS);

/** Units around the tile each way of drawing looks at. */
const MARGINS: Readonly<Record<Mode, number>> = { single: POINT_MARGIN, gathered: CELL, crowded: CELL, areas: AREA_MARGIN, cells: AREA_MARGIN };

/** Bytes of statements that are remembered. */
const REMEMBERED = 16_000_000;
const POLICIES = "coordinate_policies";

/** Rows that leave no marks when they are added: nothing said about them now holds a moment later. */
const leavesNoMarks = ({ statement }: Chosen): boolean => statement.dependsOn.some((entity) => entity.appendOnly);

const keyOf = (revision: string, unmarked: string, bound: readonly Bound[]): string =>
  createHash("sha256").update(JSON.stringify([ENCODER_VERSION, revision, unmarked, bound.map(({ statement, values }) => [statement.text, values])])).digest("base64url").slice(0, 32);

/** Makes tiles of layers over one database. */
export class TileMaker {
  private readonly statements = new Bounded<string, TileStatement>(REMEMBERED, ({ text }, key) => 2 * (text.length + 2 * key.length));

  private constructor(
    private readonly pool: Pool,
    private readonly hints: Hints,
    readonly encoder: Encoder,
  ) {}

  /** Finds out whether the database writes tiles itself: not every build of PostGIS can. */
  static async over(pool: Pool, hints: Hints, encoder?: Encoder): Promise<TileMaker> {
    const able = encoder ?? (await pool.query("select st_asmvt(t) from (select st_makepoint(0, 0) as geom) t").then((): Encoder => "database", (): Encoder => "process"));
    return new TileMaker(pool, hints, able);
  }

  /** One short statement: the revision of what the tile would show. */
  async plan(asked: Asked): Promise<Planned> {
    const chosen = asked.layers.map(({ layer, filter }) => this.chosen(asked, layer, filter, modeAt(layer, asked.address.z)));
    // The widest frame any way of drawing looks at: what lies in it is all the tile can depend on.
    const frame = frameOf(asked.address, CELL, asked.layers.some(({ layer }) => layer.cells) ? reachOfCells(asked.address) : 0);
    const { revision, marks, digits, turn } = await this.state(asked, chosen, frame);
    const bound = chosen.map((one, at) => this.bound(asked, one, { digits: digits[at]!, turn }));
    const unmarked = chosen.some(leavesNoMarks) ? randomUUID() : "";
    return { key: keyOf(revision, unmarked, bound), marks, make: () => this.make(asked, bound) };
  }

  /** The version of all tiles of a tileset as the caller is given them; null where something said holds for no longer than the moment. */
  async version(asked: Omit<Asked, "address">, matrix: Matrix, shifted: boolean): Promise<string | null> {
    const whole: Asked = { ...asked, address: { matrix, shifted, z: matrix.minZoom, x: 0, y: 0 } };
    const chosen = asked.layers.map(({ layer, filter }) => modesOf(layer).map((mode) => this.chosen(whole, layer, filter, mode)));
    const all = chosen.flat();
    if (all.some((one) => leavesNoMarks(one) || (asked.asOf === null && one.statement.clock === "instant"))) return null;
    // With the changes of policies: one changed and changed back must not bring a version back.
    const { revision, digits, turn } = await this.state(whole, all, { ...frameOf(whole.address, 0), west: -180, south: -90, east: 180, north: 90 }, [POLICIES]);
    return keyOf(revision, "", chosen.flatMap((modes, at) => modes.map((one) => this.bound(whole, one, { digits: digits[at]!, turn })))).slice(0, VERSION_LENGTH);
  }

  private state(asked: Asked, chosen: readonly Chosen[], frame: Frame, further: readonly string[] = []) {
    const statements = chosen.map(({ statement }) => statement);
    const dependsOn = new Set(statements.flatMap((statement) => statement.dependsOn));
    const turns = asked.asOf === null ? new Map(statements.flatMap((statement) => statement.turns.map((turn) => [`${turn.table}.${turn.column}`, turn] as const))) : new Map<string, never>();
    return revisionOf(this.pool, {
      placed: [...new Set(asked.layers.map(({ layer }) => layer.entity().table))],
      whole: [...new Set([...[...dependsOn].map((entity) => entity.table), ...further])],
      frame,
      policies: asked.layers.map(({ layer }) => layerOfPolicy(fieldOf(layer.entity(), layer.geometry))),
      crs: systemOf(asked.address),
      audiences: audiencesOf(asked),
      turns: [...turns.values()],
    });
  }

  private chosen(asked: Asked, layer: MapLayer, filter: unknown, mode: Mode): Chosen {
    return { statement: this.statement(asked, layer, filter, mode), filter, mode };
  }

  private bound(asked: Asked, chosen: Chosen, given: Bound["given"]): Bound {
    const frame = frameOf(asked.address, MARGINS[chosen.mode], movedBy(given.digits) + (chosen.mode === "cells" ? reachOfCells(asked.address) : 0));
    const instant = instantFor(asked, chosen.statement, given.turn);
    return { ...chosen, given, values: chosen.statement.bind({ actor: asked.actor, instant, args: [{ filter: chosen.filter, frame, digits: given.digits }] }) };
  }

  private statement({ address: { matrix, shifted }, asOf, actor }: Asked, layer: MapLayer, filter: unknown, mode: Mode): TileStatement {
    const time = timeShape({ recorded: asOf, effective: "" });
    const key = JSON.stringify([layer.id, mode, matrix.id, shifted, time, actorShape(actor), shapeOf({ filter: filter ?? null }, this.hints)]);
    let made = this.statements.get(key);
    if (!made) {
      made = tileStatement({ layer, matrix, shifted, filter, read: new ReadSql(actor, time, [], this.hints) }, mode, this.encoder);
      this.statements.set(key, made);
    }
    return made;
  }

  private async make(asked: Asked, bound: readonly Bound[]): Promise<Tile> {
    const crowded: string[] = [];
    const parts: Buffer[] = [];
    for (const first of bound) {
      const { layer } = first.statement;
      let drawn = await this.drawn(first);
      // Where rows are gathered anyway nothing is left out, however many features stand alone.
      if (drawn.features > MOST_FEATURES && first.mode !== "gathered") {
        crowded.push(layer.id);
        if (first.mode === "single") drawn = await this.drawn(this.bound(asked, this.chosen(asked, layer, first.filter, "crowded"), first.given));
      }
      parts.push(drawn.bytes);
    }
    // Layers one after the other are a tile: the format is made to be joined.
    if (crowded.length > 0) parts.push(encodeTile([notice(crowded)]));
    // Most tiles are one layer: a copy would only be more to collect.
    return { bytes: parts.length === 1 ? parts[0]! : Buffer.concat(parts), crowded };
  }

  private async drawn({ statement, values }: Bound): Promise<{ bytes: Buffer; features: number }> {
    const row = (await sendRead(this.pool, { text: statement.text, values, replan: statement.replan })).rows[0]!;
    return { features: row["features"] as number, bytes: this.encoder === "process" ? encodeTile([layerOf(statement, row)]) : Buffer.from((row["tile"] as string | null) ?? "", "base64") };
  }
}

/**
 * An answer that changes by the day is asked for as of the day, one that changes as certain moments pass as of the last of
 * them, one that does not change with time as of none in particular: what is asked alike has one key.
 */
function instantFor({ asOf }: Asked, { clock, turns }: TileStatement, turn: string | null): Instant {
  if (asOf !== null) return { recorded: asOf, effective: asOf };
  const now = new Date();
  if (clock === "instant") return { recorded: null, effective: now.toISOString() };
  const day = new Date(now.getTime() + 8 * 3_600_000).toISOString().slice(0, 10);
  const begun = `${day}T00:00:00+08:00`;
  return { recorded: null, effective: turns.length > 0 && turn !== null && Date.parse(turn) >= Date.parse(begun) ? turn : begun };
}

/** Says inside the tile which layers show fewer features than there are, for those who do not read headers. */
const notice = (crowded: readonly string[]): TileLayer => ({
  name: "meta",
  ids: crowded.map((_, at) => at + 1),
  xs: crowded.map(() => EXTENT / 2),
  ys: crowded.map(() => EXTENT / 2),
  columns: [["layer", crowded], ["crowded", crowded.map(() => true)], ["maximum", crowded.map(() => MOST_FEATURES)]],
});
