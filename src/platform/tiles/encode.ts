import { PbfWriter } from "pbf";

/** Width and height of a tile in its own units. */
export const EXTENT = 4096;
/** Part of every validator: raised whenever the same rows would be written otherwise. */
export const ENCODER_VERSION = 1;

/** What a feature may carry; null is left out. Integers, other numbers, texts and booleans keep their kind. */
export type TileValue = string | number | boolean | null;

export const POINT = 1;
export const LINE = 2;
export const POLYGON = 3;

/** A shape that is no single point: its kind and its commands as the specification numbers them. */
export interface Shape {
  kind: typeof POINT | typeof LINE | typeof POLYGON;
  commands: readonly number[];
}

/** Features by column, in the order they are to be drawn: as the database gives them, nothing is taken apart. */
export interface TileLayer {
  name: string;
  /** Unique within the layer, below 2^53. */
  ids: readonly number[];
  /** Points in tile units; a feature with a shape has none. */
  xs: readonly number[];
  ys: readonly number[];
  shapes?: readonly (Shape | null)[];
  columns: readonly (readonly [name: string, values: readonly TileValue[]])[];
}

const zigzag = (value: number) => (value << 1) ^ (value >> 31);

/** The number of bytes a number below 2^28 takes. */
const sizeOf = (value: number) => (value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4);

/** A vector tile (Mapbox Vector Tile 2.1). Layers without features are left out, as the specification wants; a tile of none is empty. */
export function encodeTile(layers: readonly TileLayer[]): Buffer {
  const writer = new PbfWriter(new Uint8Array(65_536));
  for (const layer of layers) if (layer.ids.length > 0) writer.writeMessage(3, writeLayer, layer);
  const bytes = writer.finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function writeLayer(layer: TileLayer, pbf?: PbfWriter): void {
  const writer = pbf!;
  writer.writeVarintField(15, 2);
  writeText(writer, 1, layer.name);
  const { ids, xs, ys, shapes, columns } = layer;
  const values: TileValue[] = [];
  // A column holds values of one kind: what looks alike in two columns may differ in kind, and is written twice at worst.
  const indexes = columns.map(([, column]) => numbered(column, values));
  const tags: number[] = [];
  for (let at = 0; at < ids.length; at += 1) {
    tags.length = 0;
    let tagBytes = 0;
    for (let key = 0; key < indexes.length; key += 1) {
      const value = indexes[key]![at]!;
      if (value < 0) continue;
      tags.push(key, value);
      tagBytes += sizeOf(key) + sizeOf(value);
    }
    const shape = shapes?.[at];
    if (shape) writer.writeMessage(2, writeShaped, { id: ids[at]!, tags, shape });
    else writePoint(writer, ids[at]!, tags, tagBytes, zigzag(xs[at]!), zigzag(ys[at]!));
  }
  for (const [name] of columns) writeText(writer, 3, name);
  for (const value of values) writer.writeMessage(4, writeValue, value);
  writer.writeVarintField(5, EXTENT);
}

/** The library's own writing of texts (5.1.2) mistakes the characters of plane two, rare ones in names of people and places. */
function writeText(writer: PbfWriter, field: number, text: string): void {
  writer.writeBytesField(field, Buffer.from(text));
}

/** The place of each value among those of the layer; -1 for none. */
function numbered(column: readonly TileValue[], values: TileValue[]): Int32Array {
  const known = new Map<TileValue, number>();
  const indexes = new Int32Array(column.length);
  for (let at = 0; at < column.length; at += 1) {
    const value = column[at] as TileValue;
    if (value === null) {
      indexes[at] = -1;
      continue;
    }
    let index = known.get(value);
    if (index === undefined) {
      index = values.push(value) - 1;
      known.set(value, index);
    }
    indexes[at] = index;
  }
  return indexes;
}

/** Most features are single points: their length is known beforehand, so that nothing is moved afterwards. */
function writePoint(writer: PbfWriter, id: number, tags: readonly number[], tagBytes: number, x: number, y: number): void {
  let idBytes = id < 0x10000000 ? sizeOf(id) : 4;
  for (let rest = id / 0x10000000; rest >= 1; rest /= 0x80) idBytes += 1;
  const geometryBytes = 1 + sizeOf(x) + sizeOf(y);
  const tagsSize = tags.length > 0 ? 1 + sizeOf(tagBytes) + tagBytes : 0;
  writer.writeTag(2, 2);
  writer.writeVarint(1 + idBytes + tagsSize + 2 + 2 + geometryBytes);
  writer.writeVarintField(1, id);
  if (tags.length > 0) {
    writer.writeTag(2, 2);
    writer.writeVarint(tagBytes);
    for (let at = 0; at < tags.length; at += 1) writer.writeVarint(tags[at]!);
  }
  writer.writeVarintField(3, POINT);
  writer.writeTag(4, 2);
  writer.writeVarint(geometryBytes);
  writer.writeVarint(MOVE_ONCE);
  writer.writeVarint(x);
  writer.writeVarint(y);
}

const MOVE_ONCE = (1 << 3) | 1;

function writeShaped({ id, tags, shape }: { id: number; tags: number[]; shape: Shape }, pbf?: PbfWriter): void {
  const writer = pbf!;
  writer.writeVarintField(1, id);
  if (tags.length > 0) writer.writePackedVarint(2, tags);
  writer.writeVarintField(3, shape.kind);
  writer.writePackedVarint(4, shape.commands as number[]);
}

function writeValue(value: TileValue, pbf?: PbfWriter): void {
  const writer = pbf!;
  if (typeof value === "string") writeText(writer, 1, value);
  else if (typeof value === "boolean") writer.writeBooleanField(7, value);
  else if (!Number.isSafeInteger(value)) writer.writeDoubleField(3, value as number);
  else if ((value as number) < 0) writer.writeSVarintField(6, value as number);
  else writer.writeVarintField(5, value as number);
}
