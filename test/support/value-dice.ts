import { getNamedType, GraphQLNonNull, isEnumType, isInputObjectType, isListType, isNonNullType, type GraphQLInputObjectType, type GraphQLInputType, type GraphQLList, type GraphQLSchema } from "graphql";
import type { Dice } from "../../seeds/demo/story.js";
import type { Harvest, Place } from "./harvest.js";

const TEXTS = ["", " ", "%", "_", "\\", "'", '"', "示例", "隐患", "😀", "A", "a%b", "x".repeat(300)];
/** Sound by type, refused or void only once they meet the database. */
const ODD_TEXTS = ["\u0000", "a\u0000b", "\u0007", "\ud83d", "{}", "1~x~1~W10=", "x".repeat(3_000)];
const ODD_IDS = ["", "nonsense", "_", "Risk_", "Risk_00000000-0000-0000-0000-000000000000", "__proto___00000000-0000-4000-8000-000000000000", "id\u0000", "7", "00000000-0000-4000-8000-000000000000"];
const DAYS = ["1900-01-01", "2024-02-29", "2025-01-20", "2026-06-30", "2099-06-30", "2200-12-31"];
const ODD_MOMENTS = ["2025-01-01T00:00:00+15:59", "2025-01-01T00:00:00+16:00", "2025-01-01T00:00:00-23:59", "2025-06-30T23:59:60Z", "2025-06-30T24:00:00Z", "1900-01-01T00:00:00Z", "2200-12-31T23:59:59.999999Z"];
/** What no type takes as it is meant: each is tried where a client might send it. */
const MANGLED: readonly unknown[] = [7, 1.5, -1, 2 ** 31, true, "true", "NOPE", "2025-13-01", "yesterday", {}, { unknown: 1 }, [null], [["x"]], null, "", [], 1e308, "\ud800"];

/** Throws values of input types: mostly such as exist, sometimes such as nobody would send. */
export class ValueDice {
  constructor(
    readonly dice: Dice,
    private readonly schema: GraphQLSchema,
    private readonly harvest: Harvest,
    /** Share of values that are sound by type and odd otherwise. */
    private readonly odd: number,
  ) {}

  /** A value as JSON. `place` tells where values of its kind were seen; `depth` how far filters may still nest. */
  json(type: GraphQLInputType, place: Place, depth = 3, operator = ""): unknown {
    const { dice } = this;
    if (isNonNullType(type)) return this.json(type.ofType as GraphQLInputType, place, depth, operator);
    if (isListType(type)) {
      const size = dice.chance(0.06) ? 0 : dice.pick([1, 1, 1, 2, 2, 3, 5]);
      const items = Array.from({ length: size }, () => this.json(type.ofType as GraphQLInputType, place, depth, operator));
      return size === 1 && dice.chance(0.2) ? items[0] : items;
    }
    if (isInputObjectType(type)) return this.object(type, place, depth);
    if (isEnumType(type)) {
      const known = this.harvest.at(place).filter((value) => type.getValue(String(value)));
      return known.length > 0 && dice.chance(0.7) ? dice.pick(known) : dice.pick(type.getValues()).name;
    }
    return this.scalar(type.name, place, operator);
  }

  private object(type: GraphQLInputObjectType, place: Place, depth: number): Record<string, unknown> {
    const { dice } = this;
    const fields = Object.values(type.getFields());
    if (["west", "south", "east", "north"].every((side) => type.getFields()[side])) return this.box();
    const optional = fields.filter((field) => !isNonNullType(field.type));
    // Each condition more leaves fewer rows: mostly one, so that answers are not empty.
    const wanted = new Set(fields.filter((field) => isNonNullType(field.type)));
    for (let count = dice.pick([1, 1, 1, 1, 1, 2, 2, 3, 0]); count > 0 && optional.length > 0; count -= 1) {
      const field = dice.pick(optional);
      if (depth > 0 || !isInputObjectType(getNamedType(field.type)) || this.isOperators(getNamedType(field.type) as GraphQLInputObjectType)) wanted.add(field);
    }
    const entries = [...wanted].map((field) => {
      if (!isNonNullType(field.type) && dice.chance(0.03 + this.odd / 3)) return [field.name, null] as const;
      return [field.name, this.json(field.type, this.placeOf(type, place, field.name), depth - 1, field.name)] as const;
    });
    return Object.fromEntries(entries);
  }

  /** The place a field of an input object speaks of. */
  placeOf(type: GraphQLInputObjectType, place: Place, name: string): Place {
    const nested = getNamedType(type.getFields()[name]!.type);
    const subject = this.subjectOf(type, place);
    return { type: subject, field: isInputObjectType(nested) && !this.isOperators(nested) ? "" : place.field || name };
  }

  /** Conditions on one value: every field of it is a plain value or a list of them. */
  private isOperators(type: GraphQLInputObjectType): boolean {
    return Object.values(type.getFields()).every((field) => !isInputObjectType(getNamedType(field.type)));
  }

  /** The type a filter speaks of, by the schema's way of naming: RiskFilter, RiskListFilter. */
  private subjectOf(type: GraphQLInputObjectType, place: Place): string {
    const name = type.name.replace(/(List)?Filter$/, "");
    return name !== type.name && !this.isOperators(type) && this.schema.getType(name) ? name : place.type;
  }

  private box(): Record<string, number> {
    const { dice } = this;
    const [lon, lat] = dice.pick(this.harvest.positions()) ?? [106.6, 29.7];
    const reach = dice.pick([0.0001, 0.01, 0.05, 5]);
    if (dice.chance(this.odd)) return dice.pick([{ west: 107, south: 29, east: 106, north: 30 }, { west: -181, south: 0, east: 0, north: 1 }, { west: 0, south: 1, east: 1, north: 0 }, { west: -180, south: -90, east: 180, north: 90 }]);
    return { west: lon - reach, south: lat - reach, east: lon + reach, north: lat + reach };
  }

  /** A point, a line or a polygon about a place the answers spoke of; odd ones cross themselves, are not closed, or are of another world. */
  private geometry(odd: boolean, named: string): unknown {
    const { dice } = this;
    const [lon, lat] = dice.pick(this.harvest.positions()) ?? [106.6, 29.7];
    const reach = dice.pick([0.001, 0.02, 0.3]);
    const ring = [[lon - reach, lat - reach], [lon + reach, lat - reach], [lon + reach, lat + reach], [lon - reach, lat + reach], [lon - reach, lat - reach]];
    if (odd)
      return dice.pick<unknown>([
        { type: "Polygon", coordinates: [[ring[0], ring[2], ring[1], ring[3], ring[0]]] },
        { type: "Polygon", coordinates: [ring.slice(0, 4)] },
        { type: "Point", coordinates: [lat, lon] },
        { type: "Point", coordinates: [200, 100] },
        { type: "Feature", geometry: null },
        "POINT(106 29)",
      ]);
    if (named === "point") return { type: "Point", coordinates: [lon, lat] };
    if (/polygon$/i.test(named)) return { type: "Polygon", coordinates: [ring] };
    return dice.pick<unknown>([{ type: "Point", coordinates: [lon, lat] }, { type: "Polygon", coordinates: [ring] }, { type: "MultiPolygon", coordinates: [[ring]] }, { type: "LineString", coordinates: ring.slice(0, 2) }]);
  }

  private scalar(name: string, place: Place, operator: string): unknown {
    const { dice } = this;
    const known = this.harvest.at(place);
    const seen = known.length > 0 && dice.chance(0.8) ? dice.pick(known) : undefined;
    const odd = dice.chance(this.odd);
    // What only some numbers or shapes are sound for is told by its name.
    const named = operator || place.field;
    switch (name) {
      case "Int":
        return odd ? dice.pick([-1, 0, 2_147_483_647, -2_147_483_648, 101, 5_001]) : (seen ?? dice.int(0, named === "precision" ? 9 : 20));
      case "Float":
        return seen ?? (/[mM]etres$/.test(named) ? dice.pick([100, 250.5, 700, 4_000, ...(odd ? [0, -1, 1e7] : [])]) : dice.int(0, 1_000) / 8);
      case "Boolean":
        return dice.chance(0.5);
      case "ID":
        return odd ? this.oddId(place) : (seen ?? dice.pick(this.idsFor(place)));
      case "Date":
        return seen ?? dice.pick(DAYS);
      case "DateTime":
        return odd ? dice.pick(ODD_MOMENTS) : this.rewritten(String(seen ?? dice.pick(this.harvest.moments)));
      case "GeoJSON":
        return this.geometry(odd, named);
      case "Decimal":
        return seen ?? dice.pick(["0", "-1.50", "270", "12000.5", "000000000000001.0000000001"]);
      default:
        return odd ? dice.pick(ODD_TEXTS) : this.text(seen, operator);
    }
  }

  private text(seen: unknown, operator: string): string {
    const { dice } = this;
    if (typeof seen !== "string") return dice.pick(TEXTS);
    const letters = [...seen];
    if (operator === "startsWith") return letters.slice(0, dice.int(1, 4)).join("");
    if (operator !== "contains") return seen;
    const from = dice.int(0, Math.max(letters.length - 2, 0));
    const part = letters.slice(from, from + dice.int(1, 3)).join("");
    return dice.chance(0.3) ? part.toUpperCase() : part;
  }

  /** A region's place in the tree is asked for by the id of another type than the row's. */
  private idsFor(place: Place): readonly unknown[] {
    const own = this.harvest.at({ type: place.field === "within" ? "Region" : place.type, field: "id" });
    return own.length > 0 ? own : this.harvest.named("id");
  }

  private oddId({ type }: Place): unknown {
    const { dice } = this;
    const some = String(dice.pick(this.harvest.named("id")));
    return dice.pick([...ODD_IDS, some, some.toUpperCase(), `${some} `, `${type}_00000000-0000-4000-8000-000000000000`, `${type}_${some.split("_")[1] ?? ""}`]);
  }

  /** The same instant as another client would write it. */
  private rewritten(moment: string): string {
    const at = new Date(moment);
    return this.dice.pick([moment, moment, at.toISOString(), at.toISOString().replace("Z", "+00:00"), at.toISOString().replace(/\.\d+Z$/, "Z"), new Date(at.getTime() - 8 * 3_600_000).toISOString().replace("Z", "-08:00")]);
  }

  /** A value as text of a document. */
  literal(type: GraphQLInputType, value: unknown): string {
    if (value === null || value === undefined) return "null";
    if (isNonNullType(type)) return this.literal(type.ofType as GraphQLInputType, value);
    if (isListType(type)) return Array.isArray(value) ? `[${value.map((item) => this.literal(type.ofType as GraphQLInputType, item)).join(this.dice.pick([",", " "]))}]` : this.literal(type.ofType as GraphQLInputType, value);
    if (isInputObjectType(type)) return `{${Object.entries(value).map(([key, inner]) => `${key}:${this.literal(type.getFields()[key]!.type, inner)}`).join(",")}}`;
    return isEnumType(type) ? String(value) : written(value);
  }

  /** Something else in place of a value, or of a part of it. */
  mangled(type: GraphQLInputType, value: unknown): unknown {
    const { dice } = this;
    if (typeof value === "object" && value !== null && dice.chance(0.6)) {
      const keys = Object.keys(value);
      const key = dice.pick(keys);
      if (Array.isArray(value)) return keys.length > 0 ? value.map((item, index) => (String(index) === key ? this.mangled(type, item) : item)) : [dice.pick(MANGLED)];
      return key === undefined ? { unknown: 1 } : { ...value, [key]: this.mangled(type, (value as Record<string, unknown>)[key]) };
    }
    return dice.pick(MANGLED);
  }
}

/** The type without its outermost "!", or with it. */
export const nullable = (type: GraphQLInputType): GraphQLInputType => (type instanceof GraphQLNonNull ? (type.ofType as GraphQLInputType) : type);
export const strict = (type: GraphQLInputType): GraphQLInputType => (type instanceof GraphQLNonNull ? type : new GraphQLNonNull(type as GraphQLList<GraphQLInputType>));

/** A value no type tells the parts of, as text of a document. */
const written = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(written).join(",")}]`;
  if (typeof value === "object" && value !== null) return `{${Object.entries(value).map(([key, part]) => `${key}:${written(part)}`).join(",")}}`;
  return JSON.stringify(value);
};
