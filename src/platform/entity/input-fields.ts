import type { InputField } from "../actions.js";
import { describe, type Entity } from "./entity.js";
import type { EnumType } from "./enumeration.js";

type Options = Partial<Omit<InputField, "kind" | "zh" | "en">>;
const of = (kind: InputField["kind"]) => (zh: string, en: string, options: Options = {}): InputField => ({ kind, zh, en, ...options });

/** Fields of action inputs: `given.text("名称", "name", { required: true })`. */
export const given = {
  text: of("text"),
  int: of("int"),
  float: of("float"),
  decimal: of("decimal"),
  bool: of("boolean"),
  date: of("date"),
  dateTime: of("dateTime"),
  /** An object of JSON whose shape its field describes; at most `max` characters as text, 2,000 unless given. */
  json: of("json"),
  point: (zh: string, en: string, options: Options = {}): InputField => ({ kind: "geometry", shapes: ["Point"], zh, en, ...options }),
  polygon: (zh: string, en: string, options: Options = {}): InputField => ({ kind: "geometry", shapes: ["Polygon", "MultiPolygon"], zh, en, ...options }),
  /** An area that will be kept: a Polygon or MultiPolygon in CGCS2000, longitude first; see checkArea for what is refused. */
  area: (zh: string, en: string, options: Options = {}): InputField => ({ kind: "geometry", shapes: ["Polygon", "MultiPolygon"], area: true, zh, en, ...options }),
  /** Where something stretches: a line or an area that will be kept, by the rules of an area. */
  extent: (zh: string, en: string, options: Options = {}): InputField => ({ kind: "geometry", shapes: ["LineString", "MultiLineString", "Polygon", "MultiPolygon"], area: true, zh, en, ...options }),
  bbox: of("bbox"),
  /** A row within the caller's sight; `alsoFrom` says what else may be named, and why. See write/cited.ts. */
  id: (target: () => Entity, zh: string, en: string, options: Options = {}): InputField => ({ kind: "id", of: target, zh, en, ...options }),
  oneOf: (enumeration: EnumType, zh: string, en: string, options: Options = {}): InputField => ({ kind: "enum", enumeration, zh, en, ...options }),
  object: (typeName: string, fields: Readonly<Record<string, InputField>>, zh: string, en: string, options: Options = {}): InputField => ({ kind: "object", typeName, fields, zh, en, ...options }),
} as const;

/** What an input field says of itself to clients: for an id, what may be named beyond one's sight as well. */
export const describeInput = ({ zh, en, alsoFrom = [] }: Pick<InputField, "zh" | "en" | "alsoFrom">) =>
  alsoFrom.length === 0
    ? describe({ zh, en })
    : describe({
        zh: `${zh}(可见范围以外亦可:${alsoFrom.map((kind) => kind.zh).join("、")})`,
        en: `${en} (beyond your sight also: ${alsoFrom.map((kind) => kind.en).join("; ")})`,
      });
