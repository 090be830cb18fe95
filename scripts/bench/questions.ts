import type { Inputs } from "./inputs.js";
import { deepPage, firstPage, list, nested, versions, type Fetch } from "./lists.js";
import { counts, features } from "./maps.js";
import type { Question } from "./question.js";
import { tileQuestion } from "./tile-question.js";
import { register, type Writer } from "./writes.js";

/** In the order of the report. */
export const QUESTIONS = ["Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "Q7", "Q8first", "Q8deep"] as const;
export type QuestionId = (typeof QUESTIONS)[number];
/** Whose cost must not grow with the data. */
export const GROWTH: readonly QuestionId[] = ["Q1", "Q2", "Q3", "Q8first", "Q8deep"];

/** The question about these inputs, or null where the service does not offer it yet. */
export async function questionOf(id: QuestionId, inputs: Inputs, writer: Writer, fetchOurs: Fetch, fetchTheirs: Fetch | null): Promise<Question | null> {
  switch (id) {
    case "Q1":
      return list(inputs);
    case "Q2":
      return nested(inputs);
    case "Q3":
      return versions(inputs);
    case "Q4":
      return counts(inputs);
    case "Q5":
      return features(inputs);
    case "Q6":
      return tileQuestion(inputs);
    case "Q7":
      return register(inputs, writer);
    case "Q8first":
      return firstPage(inputs);
    case "Q8deep":
      return inputs.depths.length > 0 ? deepPage(inputs, fetchOurs, fetchTheirs) : null;
  }
}
