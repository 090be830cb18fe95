import { GraphQLError, GraphQLScalarType, Kind, valueFromASTUntyped } from "graphql";

const refuse = (name: string, rule: string): never => {
  throw new GraphQLError(`${name}: ${rule}`, { extensions: { code: "BAD_USER_INPUT", rule } });
};

const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})$/;
const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/** A calendar day that exists: 30 February is none, though Date.parse takes it for one of March. */
export const isDay = (text: string) => {
  const [, year, month, day] = DAY.exec(text) ?? [];
  if (!year) return false;
  const made = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return Number(year) >= 1900 && Number(year) <= 2200 && made.getUTCMonth() === Number(month) - 1 && made.getUTCDate() === Number(day);
};

/** A moment with offset on a day that exists. */
export const isMoment = (text: string) => MOMENT.test(text) && isDay(text.slice(0, 10)) && !Number.isNaN(Date.parse(text));

const textual = (name: string, description: string, rule: string, sound: (text: string) => boolean) =>
  new GraphQLScalarType<string, unknown>({
    name,
    description,
    // Answers are written by SQL in this very form; code passes them on.
    serialize: (value) => value,
    parseValue: (value) => (typeof value === "string" && sound(value) ? value : refuse(name, rule)),
    parseLiteral: (node) => (node.kind === Kind.STRING && sound(node.value) ? node.value : refuse(name, rule)),
  });

export const DateTimeScalar = textual(
  "DateTime",
  "时刻,ISO 8601,带时区偏移;输出为 +08:00 / A moment, ISO 8601 with offset; written at +08:00",
  "ISO 8601 with offset, years 1900-2200",
  isMoment,
);

export const DateScalar = textual(
  "Date",
  "日期(法定期限按当日 23:59:59 +08:00 计) / A calendar day; a deadline means its end at +08:00",
  "YYYY-MM-DD, years 1900-2200",
  isDay,
);

export const DecimalScalar = textual("Decimal", "十进制数,以字符串表示 / A decimal number as text", "a decimal number", (text) => /^-?\d{1,15}(\.\d{1,10})?$/.test(text));

export const JsonScalar = new GraphQLScalarType<unknown, unknown>({
  name: "JSON",
  description: "结构由所在字段说明的 JSON 值 / A JSON value whose shape its field describes",
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
});

/** A GeoJSON geometry must be an object; a point has a finite, plausible position. What an area must be is told by the input that takes it. */
function geometry(value: unknown): unknown {
  if (typeof value === "string") return refuse("GeoJSON", "an object, not text");
  const { type, coordinates } = (value ?? {}) as { type?: unknown; coordinates?: unknown };
  if ((type === "Polygon" || type === "MultiPolygon") && Array.isArray(coordinates)) return { type, coordinates: coordinates as unknown[] };
  if (type !== "Point") return refuse("GeoJSON", "a Point, Polygon or MultiPolygon geometry");
  if (!Array.isArray(coordinates) || coordinates.length !== 2 || !coordinates.every((part) => typeof part === "number" && Number.isFinite(part))) return refuse("GeoJSON", "coordinates [lon, lat] of two finite numbers");
  const [lon, lat] = coordinates as [number, number];
  if (Math.abs(lon) > 180 || Math.abs(lat) > 90) return refuse("GeoJSON", "lon within 180, lat within 90; is the order [lon, lat]?");
  return { type, coordinates: [lon, lat] };
}

export const GeoJsonScalar = new GraphQLScalarType<unknown, unknown>({
  name: "GeoJSON",
  description: "GeoJSON(RFC 7946,经度在前),坐标系 CGCS2000(EPSG:4490) / GeoJSON (RFC 7946, longitude first) in CGCS2000 (EPSG:4490)",
  serialize: (value) => value,
  parseValue: geometry,
  parseLiteral: (node, variables) => geometry(valueFromASTUntyped(node, variables)),
});
