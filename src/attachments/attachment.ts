import { entity } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { dateTime, int, oneOf, text } from "../platform/entity/fields.js";

export const attachmentStatus = enumeration("AttachmentStatus", { zh: "附件状态", en: "state of an attachment" }, { PREPARED: ["待上传", "prepared, awaiting its bytes"], STORED: ["已存", "stored"] });

/** 附件: bytes known by their SHA-256, sent by a prepared PUT. Seen by who prepared it and through whatever cites it; what nobody sees cited opens to nobody else. */
export const Attachment = entity({
  name: "Attachment",
  zh: "附件",
  en: "attachment",
  plural: "attachments",
  table: "attachments",
  scope: { kind: "cited" },
  order: [["createdAt", "desc"]],
  root: false,
  fields: {
    sha256: text("SHA-256(十六进制)", "SHA-256 in hexadecimal"),
    mediaType: text("媒体类型", "media type"),
    fileName: text("文件名", "file name"),
    sizeBytes: int("大小(字节)", "size in bytes"),
    takenAt: dateTime("拍摄(形成)时间", "taken at", { nullable: true }),
    status: oneOf(attachmentStatus, "状态", "state"),
  },
  relations: {},
});
