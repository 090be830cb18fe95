import type { InputField } from "../platform/actions.js";
import { given } from "../platform/entity/input-fields.js";
import { shownBy } from "../platform/write/elsewhere.js";
import { ProjectContractor } from "./subject-kinds.js";
import { Enterprise, Subject } from "./subject.js";

/** A company is registered at its seat and works elsewhere: where it does so within sight, it is shown already. */
const atWork = shownBy(() => Subject, "enterprise", { zh: "注册在别处、在可见的监管对象经营的企业", en: "enterprises registered elsewhere that run a subject within sight" });
const building = shownBy(() => ProjectContractor, "enterprise", { zh: "注册在别处、在可见的在建项目参建的企业", en: "enterprises registered elsewhere that build at a project within sight" });

/** An enterprise as an input names one. */
export const namedEnterprise = (zh: string, en: string, options: Partial<Omit<InputField, "kind" | "zh" | "en" | "alsoFrom">> = {}) =>
  given.id(() => Enterprise, zh, en, { ...options, alsoFrom: [atWork, building] });
