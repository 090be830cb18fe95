import { Fault } from "../fault.js";

/** Bytes of one answer. What is larger goes by export, by tiles, or page by page. */
export const MOST_ANSWER_BYTES = 5_000_000;

const ANSWER = "answerBytes";

/** Refuses an answer that is too large. Fault: LIMIT_EXCEEDED. */
export function checkAnswer(bytes: number): void {
  if (bytes > MOST_ANSWER_BYTES) throw new Fault("LIMIT_EXCEEDED", { limit: ANSWER, maximum: MOST_ANSWER_BYTES, actual: bytes, rule: "少选字段、减小页长或要素数、化简几何,或用导出 / fewer fields, smaller pages or fewer features, simplified geometries, or an export" });
}

/** Whether a refusal is of the size of an answer: asked another way it would be no smaller. */
export const isTooLarge = (error: unknown): boolean => error instanceof Fault && error.code === "LIMIT_EXCEEDED" && error.extensions["limit"] === ANSWER;

/** Positions of all geometries of one collection. */
export const MOST_POSITIONS = 150_000;

/**
 * Rows no more of whose positions are given than a collection may hold: with more the first of them is a refusal already, before
 * any is drawn. What is made whole or not at all: a report, a page that others follow.
 */
export const withinPositions = (rows: string, alias: string, geometry: string): string =>
  `(select * from (select ${alias}.*, sum(st_npoints(${geometry})) over () as positions from ${rows}) ${alias} where positions is null or positions <= ${MOST_POSITIONS} or too_many_rows(${MOST_POSITIONS}) is null) ${alias}`;
