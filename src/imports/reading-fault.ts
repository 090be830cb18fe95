import { Fault } from "../platform/fault.js";

/** Refuses a whole file, saying what about it cannot be read. */
export const damaged = (reason: string, zh: string, en: string, facts: Record<string, unknown> = {}) => new Fault("FILE_DAMAGED", { reason, detail: { zh, en }, ...facts });
