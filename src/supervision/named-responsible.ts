import { shownBy } from "../platform/write/elsewhere.js";
import { RegulatorAssignment } from "./regulation.js";

/** Whom one meets as responsible for a subject, one names as having been there, and asks after. */
export const responsible = shownBy(() => RegulatorAssignment, "person", { zh: "可见监管对象的实名责任人", en: "persons responsible for a subject within sight" });
