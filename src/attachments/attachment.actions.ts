import { actions } from "../platform/actions.js";
import { given } from "../platform/entity/input-fields.js";
import { Attachment } from "./attachment.js";

export const MAX_ATTACHMENT_BYTES = 20 * 1024 * 1024;

/** 附件: prepared first, its bytes follow by PUT /files/{id} and must have the stated hash. */
actions({
  "attachment.prepare": {
    zh: "准备上传附件(随后 PUT /files/{id})", en: "prepare an attachment, then PUT /files/{id}", on: Attachment, creates: true, to: "PREPARED",
    by: ["ENTERPRISE_REPORTER", "ENTERPRISE_PRINCIPAL", "GRID_WORKER", "TOWN_REGULATOR", "TOWN_LEADER", "SECTOR_REGULATOR", "SECTOR_LEADER", "COMMITTEE_OFFICE", "THIRD_PARTY", "EXPERT", "INTEGRATION_CLIENT"],
    input: {
      sha256: given.text("SHA-256(小写十六进制)", "SHA-256 in lower-case hexadecimal", { required: true, pattern: /^[0-9a-f]{64}$/ }),
      mediaType: given.text("媒体类型", "media type", { required: true, pattern: /^(image\/(jpeg|png|webp)|application\/pdf|text\/plain|video\/mp4)$/ }),
      fileName: given.text("文件名", "file name", { required: true, max: 200, pattern: /^[^/\\]+$/ }),
      sizeBytes: given.int("大小(字节)", "size in bytes", { required: true, minimum: 1, maximum: MAX_ATTACHMENT_BYTES }),
      takenAt: given.dateTime("拍摄(形成)时间", "taken at"),
    },
    work: (unit, input) => unit.add(Attachment, input),
  },
});
