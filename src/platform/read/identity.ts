import { parseId, type Entity } from "../entity/entity.js";

/** The UUID in a global id; null when it is none, or of another entity than the one wanted. */
export const uuidOf = (id: unknown, wanted?: Entity): string | null => {
  const parsed = parseId(String(id));
  return parsed && (!wanted || parsed.entity === wanted) ? parsed.uuid : null;
};
