import type { InputField } from "../platform/actions.js";
import { given } from "../platform/entity/input-fields.js";
import { above } from "../platform/write/elsewhere.js";
import { Organization } from "./organization.js";

const bodiesAbove = above({ zh: "单位(部门)", en: "bodies" });

/** A body as an input names one: within sight, or of a place above, for a street assigns a bureau of its district to oversee, and is led by it. */
export const namedBody = (zh: string, en: string, options: Partial<Omit<InputField, "kind" | "zh" | "en" | "alsoFrom">> = {}) =>
  given.id(() => Organization, zh, en, { ...options, alsoFrom: [bodiesAbove] });
