import { Fault } from "../../platform/fault.js";
import type { Unreadable } from "./unreadable.js";

/** Refuses a whole file, saying what about it cannot be read. */
export const damaged = (reason: string, zh: string, en: string, facts: Record<string, unknown> = {}) => new Fault("FILE_DAMAGED", { reason, detail: { zh, en }, ...facts });

/** What a reader found wrong, as the caller is told it. */
export const faultOf = ({ reason, zh, en, facts }: Pick<Unreadable, "reason" | "zh" | "en" | "facts">) => damaged(reason, zh, en, { ...facts });
