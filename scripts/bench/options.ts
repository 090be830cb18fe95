import { parseArgs } from "node:util";
import { QUESTIONS, type QuestionId } from "./questions.js";

export interface Options {
  /** The database to measure on; one of the run's own unless given. */
  database: string | undefined;
  /** Risks of the run's own database. */
  risks: number;
  /** Databases of several sizes, or sizes to seed, to see how cost grows. */
  databases: readonly (readonly [size: string, url: string])[];
  growth: readonly number[];
  /** Live against the past instead of against others. */
  asOf: boolean;
  /** Versions of every risk of the run's own database, at least; as the story has them unless given. */
  versions: number | undefined;
  questions: readonly QuestionId[];
  rounds: number;
  seconds: number;
  connections: number;
  json: string | undefined;
  /** Tiles beside raw ST_AsMVT instead of the questions. */
  tiles: boolean;
  /** More than the service can do, instead of the questions. */
  overload: boolean;
}

export const USAGE = `用法 / usage: npm run bench -- [--database URL | --risks N] [--questions Q1,Q2] [--rounds 3] [--seconds 4] [--connections 16] [--json FILE]
       npm run bench -- --databases 10000=URL,1000000=URL | --growth 10000,100000 [--questions Q1,Q3]
       npm run bench -- --as-of [--database URL | --risks 100000 --versions 10] [--questions Q1,Q2,Q3,Q4]
       npm run bench -- --tiles [--database URL | --risks N] [--rounds 3] [--seconds 4] [--connections 16]
       npm run bench -- --overload [--database URL | --risks N] [--seconds 60]
`;

/** Reads the command line. @throws Error in both languages when something in it cannot be used. */
export function readOptions(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ args: [...args], options: { database: text, risks: text, databases: text, growth: text, questions: text, rounds: text, seconds: text, connections: text, json: text, versions: text, "as-of": { type: "boolean" }, tiles: { type: "boolean" }, overload: { type: "boolean" } } });
  const number = (name: "risks" | "versions" | "rounds" | "seconds" | "connections", fallback: number, most: number) => {
    const value = Number(values[name] ?? fallback);
    if (!(value > 0 && value <= most) || (name !== "seconds" && !Number.isInteger(value))) throw new Error(`--${name}: 1 至 / to ${most}`);
    return value;
  };
  const list = (value: string | undefined) => (value ? value.split(",") : []);
  const questions = list(values.questions).flatMap((asked) => {
    const matching = QUESTIONS.filter((id) => id.toLowerCase() === asked.toLowerCase() || id.toLowerCase().replace(/(first|deep)$/, "") === asked.toLowerCase());
    if (matching.length === 0) throw new Error(`--questions: ${QUESTIONS.join(", ")}`);
    return matching;
  });
  return {
    database: values.database,
    risks: number("risks", 10_000, 1_000_000),
    databases: list(values.databases).map((entry) => {
      const [, size, url] = /^([^=]+)=(postgres(?:ql)?:\/\/.+)$/.exec(entry) ?? [];
      if (!size || !url) throw new Error("--databases: 10000=postgres://...,1000000=postgres://...");
      return [size, url] as const;
    }),
    growth: list(values.growth).map((entry) => {
      if (!/^[1-9]\d{2,6}$/.test(entry)) throw new Error("--growth: 10000,100000");
      return Number(entry);
    }),
    asOf: values["as-of"] ?? false,
    versions: values.versions !== undefined || values["as-of"] ? number("versions", 10, 23) : undefined,
    questions: questions.length > 0 ? questions : QUESTIONS,
    rounds: number("rounds", 3, 100),
    seconds: number("seconds", values.overload ? 60 : 4, 600),
    connections: number("connections", 16, 200),
    json: values.json,
    tiles: values.tiles ?? false,
    overload: values.overload ?? false,
  };
}
