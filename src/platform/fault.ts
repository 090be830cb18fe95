import { GraphQLError } from "graphql";
import { unavailable } from "./db/unavailable.js";
import { log } from "./log.js";
import { storage } from "./storage.js";

interface FaultKind {
  zh: string;
  en: string;
  remedyZh: string;
  remedyEn: string;
  status: number;
  retryable?: boolean;
}

const kind = (status: number, zh: string, en: string, remedyZh: string, remedyEn: string, retryable = false): FaultKind => ({ status, zh, en, remedyZh, remedyEn, retryable });

/** Every code a client can meet. Codes are API: added freely, never renamed. */
export const faults = {
  UNAUTHENTICATED: kind(401, "需要有效的密钥", "A valid key is needed.", "以 Authorization: Bearer 发送密钥", "Send a key as Authorization: Bearer."),
  FORBIDDEN: kind(403, "您的角色不能执行此操作", "Your role does not allow this.", "由有权角色办理", "Let a role that may do it."),
  NOT_FOUND: kind(404, "在您的范围内没有该对象", "No such object within your scope.", "核对标识与管辖范围", "Check the id and your scope."),
  INVALID_INPUT: kind(400, "输入不符合要求", "The input does not satisfy its rules.", "按 field 与 rule 修改", "Change the named field to satisfy the rule."),
  INVALID_TRANSITION: kind(409, "当前状态不允许此操作", "The object's state does not allow this action.", "查看 allowedActions", "See allowedActions."),
  CONFLICT: kind(409, "对象在您读取后已被修改", "The object changed since you read it.", "重读后按 changes 合并再提交", "Read again, merge the changes, send again."),
  DUPLICATE: kind(409, "已有相同主键的对象", "An object with this key exists.", "更新原对象,或换用其他主键", "Update the existing one, or use another key."),
  IDEMPOTENCY_KEY_REUSED: kind(409, "幂等键已用于不同内容", "The idempotency key was used with other content.", "换用新的幂等键", "Use a new key."),
  CURSOR_MISMATCH: kind(400, "游标与查询的排序或筛选不符", "The cursor belongs to another order, filter or instant.", "从第一页重新开始", "Start again at the first page."),
  AS_OF_BEFORE_HISTORY: kind(400, "所取时点早于历史记录", "The instant lies before recorded history.", "取较晚的时点", "Ask for a later instant."),
  PAGE_SIZE_REQUIRED: kind(400, "须指定 first 或 last 之一", "Either first or last is required.", "给出 1 至 100 的 first 或 last", "Give first or last, 1 to 100."),
  LIMIT_EXCEEDED: kind(400, "超出限制", "A limit is exceeded.", "缩小请求", "Make the request smaller."),
  TOO_COSTLY: kind(400, "查询代价过高", "The query costs too much.", "减小页长或拆分查询", "Ask for smaller pages or split the query."),
  PAYLOAD_TOO_LARGE: kind(413, "请求体过大", "The body is too large.", "批量数据请用导入", "Use the import for bulk."),
  UNSUPPORTED_MEDIA_TYPE: kind(415, "不支持的媒体类型", "The media type is not supported.", "使用 application/json", "Use application/json."),
  NOT_ACCEPTABLE: kind(406, "没有可接受的表示形式", "No acceptable representation is offered.", "放宽 Accept,或用参数 f", "Widen Accept, or use the parameter f."),
  METHOD_NOT_ALLOWED: kind(405, "不允许的方法", "The method is not allowed.", "按文档使用方法", "Use the documented method."),
  RULE_VIOLATED: kind(422, "违反业务规则", "A rule of the trade is violated.", "按 rule 补齐条件", "Satisfy the named rule."),
  EVIDENCE_MISSING: kind(422, "缺少佐证材料", "Evidence is missing.", "先上传附件再引用", "Upload the attachment, then cite it."),
  LEVEL_DISAGREES: kind(422, "所报等级与计算结果不一致", "The stated level differs from the computed one.", "去掉等级或改正取值", "Leave the level out or correct the inputs."),
  DATUM_MISSING: kind(400, "未声明坐标基准", "No datum is stated.", "声明 CGCS2000、WGS84、GCJ02 或 BD09", "State CGCS2000, WGS84, GCJ02 or BD09."),
  RANGE_NOT_SATISFIABLE: kind(416, "所求字节超出文件", "The bytes asked for lie beyond the file.", "按 sizeBytes 取范围", "Ask for a range within sizeBytes."),
  FILE_LOST: kind(500, "存储的文件缺失或损坏", "The stored bytes are missing or damaged.", "由管理员从备份恢复", "Let the administrator restore them from the backup."),
  IMPORT_UNDER_WAY: kind(409, "您的上一个导入尚未结束", "An import of yours is still under way.", "待其结束后重试", "Try again once it has ended.", true),
  FILE_DAMAGED: kind(422, "文件无法读取", "The file cannot be read.", "重新导出文件", "Export the file again."),
  TIMEOUT: kind(503, "处理超时", "The deadline passed.", "缩小查询后重试", "Ask for less and try again.", true),
  OVERLOADED: kind(503, "服务繁忙", "The service is busy.", "稍后重试", "Try again later.", true),
  RATE_LIMITED: kind(429, "请求过于频繁", "You ask too much at once.", "按 Retry-After 等待,减少并发或缩小查询", "Wait as Retry-After says; ask for less, or less at once.", true),
  BODY_TOO_SLOW: kind(408, "请求体到达过慢", "The body arrived too slowly.", "换用较好的网络后重新发送", "Send again over a better network.", true),
  DATABASE_UNAVAILABLE: kind(503, "数据库暂不可用", "The database cannot be reached now.", "稍后以同一幂等键重试", "Try again later, a write with the same idempotency key.", true),
  STORAGE_FULL: kind(503, "存储空间不足,未写入", "There is no space left: nothing was written.", "通知管理员腾出空间后重试", "Tell the administrator; try again when there is space.", true),
  INTROSPECTION_REFUSED: kind(400, "不允许自省", "Introspection is not allowed.", "使用 /schema.graphql", "Use /schema.graphql."),
  INTERNAL: kind(500, "内部错误", "Internal error.", "凭 requestId 联系管理员", "Tell the administrator the requestId."),
} as const satisfies Record<string, FaultKind>;

export type FaultCode = keyof typeof faults;

/** An error the caller may see; anything else leaves as INTERNAL. */
export class Fault extends GraphQLError {
  constructor(
    readonly code: FaultCode,
    facts: Record<string, unknown> = {},
  ) {
    const { zh, en, remedyZh, remedyEn, retryable } = faults[code];
    super(`${zh} / ${en}`, { extensions: { ...facts, code, retryable, remedy: { zh: remedyZh, en: remedyEn } } });
  }

  /** Whether the same request may succeed later: nothing in it is wrong. */
  get retryable(): boolean {
    return faults[this.code].retryable === true;
  }

  get status(): number {
    return faults[this.code].status;
  }
}

interface DatabaseError {
  code?: string;
  constraint?: string;
  detail?: string;
}

/** Facts a rule of ours tells beside its name, as a JSON object in the detail; PostgreSQL's own details, which show stored values, are prose. */
function factsOf(detail: string | undefined): Record<string, unknown> {
  if (!detail?.startsWith("{")) return {};
  try {
    return JSON.parse(detail) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** What the database refused, as a fault that leaks no SQL. Other errors pass unchanged. */
export function faultFromDatabase(error: unknown): Error {
  if (error instanceof Fault) return error;
  const { code = "", constraint, detail } = (error ?? {}) as DatabaseError;
  if (code === "53100" || code === "ENOSPC" || code === "EDQUOT") {
    storage.failed();
    log.trouble("存储空间不足 / no space left", error);
    return Object.assign(new Fault("STORAGE_FULL"), { cause: error });
  }
  const away = unavailable(error);
  if (away) log.trouble("数据库暂不可用 / the database cannot be reached", error, { reason: away });
  if (away) return Object.assign(new Fault("DATABASE_UNAVAILABLE", { reason: away }), { cause: error });
  if (!/^[0-9A-Z]{5}$/.test(code)) return error instanceof Error ? error : new Error(String(error));
  const make = (fault: FaultCode, facts: Record<string, unknown> = {}) => Object.assign(new Fault(fault, facts), { cause: error });
  if (code === "23505") return make("DUPLICATE", { rule: constraint });
  if (code.startsWith("23")) return make("RULE_VIOLATED", { ...factsOf(detail), rule: constraint ?? code });
  if (code === "40001" || code === "40P01" || code === "55P03") return make("OVERLOADED", { reason: "contention" });
  // Refusals a function of ours words itself.
  if (code === "YG400") return make("INVALID_INPUT", JSON.parse(detail!) as Record<string, unknown>);
  if (code === "YG404") return make("NOT_FOUND", JSON.parse(detail!) as Record<string, unknown>);
  if (code === "YG403") return make("FORBIDDEN", { reason: "crs", ...(JSON.parse(detail!) as object) });
  if (code === "54000") return make("LIMIT_EXCEEDED", { limit: "rows", maximum: Number(detail) });
  if (code === "57014" || code === "25P03") return make("TIMEOUT");
  if (code.startsWith("22")) return make("INVALID_INPUT", { rule: "value out of range or of the wrong form" });
  return error instanceof Error ? error : new Error(String(error));
}

/** The list as Markdown, kept in schema/faults.md. */
export function printFaults(): string {
  const rows = Object.entries(faults).map(([code, fault]) => `| ${code} | ${fault.status} | ${fault.zh} / ${fault.en} | ${fault.remedyZh} / ${fault.remedyEn} |`);
  return ["# 错误码 / Error codes", "", "| code | HTTP | 含义 / meaning | 处置 / remedy |", "|---|---|---|---|", ...rows, ""].join("\n");
}
