import type { Pool } from "pg";
import type { Actor } from "../platform/actor.js";
import { sendRead } from "../platform/db/prepared.js";
import { describe } from "../platform/entity/entity.js";
import { digitsGiven, layerOf } from "../platform/read/drawing.js";
import { fieldSql, filterSql } from "../platform/read/filter.js";
import type { Hints } from "../platform/read/hints.js";
import { ReadSql, timeShape, type Instant } from "../platform/read/read-sql.js";
import { shownSql, type MapLayer } from "../platform/tiles/map-layer.js";
import { fieldOf } from "../platform/tiles/rows.js";
import { appearances, shapes, type Palette, type ShapeName } from "./palette.js";

/** 图例: what each look means and how many rows the caller sees that have it. */
export interface Legend {
  layer: string;
  name: { zh: string; en: string };
  palette: Palette;
  /** The instant counted at. */
  asOf: string;
  /** As values of Crs name it. */
  crs: string;
  entries: { value: string | null; zh: string; en: string; colour: string; shape: ShapeName; symbol: string; size: number; count: number }[];
  /** How a hollow shape differs. */
  hollow: { zh: string; en: string } | null;
  total: number;
}

export interface Counting {
  layer: MapLayer;
  filter: unknown;
  actor: Actor;
  instant: Instant;
  palette: Palette;
  crs: string;
}

/** Counts the rows of a layer by their looks, within the caller's scope. */
export async function legendOf(pool: Pool, hints: Hints, { layer, filter, actor, instant, palette, crs }: Counting): Promise<Legend> {
  const { property: shownBy, countedBy, looks, hollow } = appearances[layer.id]!;
  const property = countedBy ?? shownBy;
  const read = new ReadSql(actor, timeShape(instant), [], hints);
  const entity = layer.entity();
  const row = read.alias();
  const extra = property === undefined ? undefined : layer.extras?.[property];
  const value = property === undefined ? "null::text" : extra ? extra.sql(row, read) : fieldSql(property, fieldOf(entity, property), row, read);
  const place = fieldSql(layer.geometry, fieldOf(entity, layer.geometry), row, read);
  // In a system that the caller is not given the layer in, nothing is told of it.
  const given = `${digitsGiven(layerOf(fieldOf(entity, layer.geometry)), crs, read)} >= 0`;
  const written = `select value, count(*)::integer as count from (select ${value} as value from ${read.source(entity, row, "set")} where ${place} is not null and ${given} and ${shownSql(layer, row, read)} and ${filterSql(entity, filter, (values) => values.args[0]!["filter"], row, read)}) r group by value`;
  const { text, bind, replan } = read.finished(written);
  const { rows } = await sendRead(pool, { text, values: bind({ actor, instant, args: [{ filter }] }), replan });
  const counts = new Map((rows as { value: string | null; count: number }[]).map((one) => [one.value, one.count]));
  return {
    layer: layer.id,
    name: { zh: layer.zh, en: layer.en },
    palette,
    asOf: instant.recorded ?? instant.effective,
    crs,
    entries: looks.map((look) => ({ value: look.value, zh: look.zh, en: look.en, colour: look.colours[palette], shape: look.shape, symbol: shapes[look.shape][0], size: look.size, count: counts.get(look.value) ?? 0 })),
    hollow: hollow ? { zh: fieldOf(entity, hollow).zh, en: fieldOf(entity, hollow).en } : null,
    total: [...counts.values()].reduce((sum, count) => sum + count, 0),
  };
}

const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[character]!);

/** A shape around a middle, as SVG. */
const OUTLINES: Readonly<Record<ShapeName, (x: number, y: number, half: number) => string>> = {
  diamond: (x, y, half) => `M${x} ${y - half}L${x + half} ${y}L${x} ${y + half}L${x - half} ${y}Z`,
  triangle: (x, y, half) => `M${x} ${y - half}L${x + half} ${y + half}L${x - half} ${y + half}Z`,
  down: (x, y, half) => `M${x - half} ${y - half}L${x + half} ${y - half}L${x} ${y + half}Z`,
  square: (x, y, half) => `M${x - half} ${y - half}H${x + half}V${y + half}H${x - half}Z`,
  circle: (x, y, half) => `M${x - half} ${y}A${half} ${half} 0 1 0 ${x + half} ${y}A${half} ${half} 0 1 0 ${x - half} ${y}Z`,
};
const LINE = 28;

/** The legend as a picture; its words are text, so that they can be read aloud and copied. */
export function legendSvg(legend: Legend): string {
  const rows = legend.entries.map(({ zh, en, colour, shape, size, count }, at) => {
    const y = 58 + at * LINE;
    return `<path d="${OUTLINES[shape](24, y, size / 2)}" fill="${colour}" stroke="#1B1F24" stroke-width="1"/><text x="46" y="${y + 5}">${escaped(zh)}</text><text x="150" y="${y + 5}" fill="#5B6673">${escaped(en)}</text><text x="376" y="${y + 5}" text-anchor="end">${count}</text>`;
  });
  const foot = 58 + legend.entries.length * LINE;
  const notes = [`合计 / total ${legend.total}`, `${legend.asOf} · ${legend.crs}`, ...(legend.hollow ? [`空心:${legend.hollow.zh} / hollow: ${legend.hollow.en}`] : [])];
  const height = foot + notes.length * 18 + 6;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="392" height="${height}" viewBox="0 0 392 ${height}" role="img" aria-label="${escaped(describe(legend.name))}" font-family="sans-serif" font-size="13"><rect width="392" height="${height}" fill="#FFFFFF" stroke="#BFC6CE"/><text x="12" y="26" font-size="15" font-weight="bold">${escaped(legend.name.zh)} <tspan font-weight="normal" fill="#5B6673">${escaped(legend.name.en)}</tspan></text>${rows.join("")}${notes.map((note, at) => `<text x="12" y="${foot + at * 18}" font-size="11" fill="#5B6673">${escaped(note)}</text>`).join("")}</svg>`;
}
