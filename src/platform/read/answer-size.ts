import { Fault } from "../fault.js";

/** Bytes of one answer. What is larger goes by export, by tiles, or page by page. */
export const MOST_ANSWER_BYTES = 8_000_000;

const ANSWER = "answerBytes";

/** Refuses an answer that is too large. Fault: LIMIT_EXCEEDED. */
export function checkAnswer(bytes: number, maximum = MOST_ANSWER_BYTES): void {
  if (bytes > maximum) throw new Fault("LIMIT_EXCEEDED", { limit: ANSWER, maximum, actual: bytes, rule: "少选字段、减小页长或要素数、化简几何,或用导出 / fewer fields, smaller pages or fewer features, simplified geometries, or an export" });
}

/** Whether a refusal is of the size of an answer: asked another way it would be no smaller. */
export const isTooLarge = (error: unknown): boolean => error instanceof Fault && error.code === "LIMIT_EXCEEDED" && error.extensions["limit"] === ANSWER;

/** Positions of all geometries of one collection. */
export const MOST_POSITIONS = 200_000;
