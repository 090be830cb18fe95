import { Fault } from "../platform/fault.js";
import type { TakenRow, Unit } from "../platform/write/unit.js";
import { Attachment } from "./attachment.js";

/** The attachments an input names, whose bytes are there. Faults: EVIDENCE_MISSING. */
export function storedOnes(unit: Unit, named: unknown): TakenRow[] {
  return ((named as string[] | null | undefined) ?? []).map((uuid) => {
    const attachment = unit.cited(Attachment, uuid);
    if (attachment["status"] !== "STORED") throw new Fault("EVIDENCE_MISSING", { attachment: uuid, rule: "upload the bytes before citing it" });
    return attachment;
  });
}
