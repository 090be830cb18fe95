/** One setting of the environment: its default, its rule, and what it is for. */
interface Setting {
  fallback?: string;
  rule: RegExp;
  zh: string;
  en: string;
}

/** Every environment variable the service reads; anything else has no effect. */
export const settings = {
  HOST: { fallback: "127.0.0.1", rule: /^[0-9A-Za-z.:-]+$/, zh: "监听地址", en: "address to listen on" },
  PORT: { fallback: "4000", rule: /^\d{1,5}$/, zh: "监听端口", en: "port to listen on" },
  DATA_DIR: { fallback: "./.data", rule: /^.+$/, zh: "数据目录(内嵌引擎与附件)", en: "directory of the embedded engine and of attachments" },
  DATABASE_URL: { rule: /^postgres(ql)?:\/\/.+$/, zh: "PostgreSQL 连接串;不设则用内嵌引擎", en: "PostgreSQL connection; the embedded engine unless given" },
  DEMO: { rule: /^[01]$/, zh: "1 装入演示区,0 不装;内嵌引擎缺省为 1,PostgreSQL 缺省为 0", en: "1 loads the demo district, 0 does not; 1 on the embedded engine, 0 on PostgreSQL unless given" },
  POOL_SIZE: { fallback: "8", rule: /^([1-9]|[1-9]\d)$/, zh: "PostgreSQL 连接数", en: "connections to PostgreSQL" },
  DEADLINE_MS: { fallback: "8000", rule: /^[1-9]\d{1,5}$/, zh: "单条语句的期限(毫秒),到期取消", en: "milliseconds after which a statement is cancelled" },
  PUBLIC_BASE_URL: { rule: /^https?:\/\/[0-9A-Za-z.:[\]-]+(\/[0-9A-Za-z._~-]+)*\/?$/, zh: "对外地址,写入 TileJSON 等文档;不设则仅信本机", en: "address clients use, written into TileJSON and the like; only this machine's own unless given" },
  CORS_ORIGINS: { rule: /^(\*|https?:\/\/[0-9A-Za-z.:[\]-]+(,https?:\/\/[0-9A-Za-z.:[\]-]+)*)$/, zh: "可跨源读取瓦片、样式、图例与 OGC 接口的网页来源,逗号分隔,或 *;不设则无", en: "origins of pages that may read tiles, styles, legends and the OGC interface, by commas, or *; none unless given" },
  READ_PATH: { fallback: "compiled", rule: /^(compiled|plain)$/, zh: "读取方式:compiled 编译为一条语句,plain 普通执行(对照用)", en: "compiled: one statement a request; plain: ordinary execution, for comparison" },
} as const satisfies Record<string, Setting>;

export interface Config {
  host: string;
  port: number;
  /** Absent: documents name this machine's own address. */
  publicBaseUrl?: string | undefined;
  /** Origins of pages that may read the map's routes; `*` for all. */
  corsOrigins?: readonly string[] | undefined;
  dataDir: string;
  databaseUrl?: string;
  demo: boolean;
  poolSize: number;
  deadlineMs: number;
  compileReads: boolean;
}

/** Refused at start: which variable, and what it must be. */
export class BadSetting extends Error {}

/** Reads the environment; refuses a value it cannot use rather than guessing. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const read = (name: keyof typeof settings): string | undefined => {
    const setting: Setting = settings[name];
    const value = environment[name] || setting.fallback;
    if (value !== undefined && !setting.rule.test(value)) throw new BadSetting(`环境变量 ${name} 的值不合要求:${setting.zh} / the environment variable ${name} must match ${setting.rule.source}: ${setting.en}`);
    return value;
  };
  const port = Number(read("PORT"));
  if (port > 65_535) throw new BadSetting("环境变量 PORT 应不大于 65535 / PORT must be at most 65535");
  const databaseUrl = read("DATABASE_URL");
  return Object.freeze({
    host: read("HOST")!,
    port,
    dataDir: read("DATA_DIR")!,
    databaseUrl,
    demo: (read("DEMO") ?? (databaseUrl ? "0" : "1")) === "1",
    poolSize: Number(read("POOL_SIZE")),
    deadlineMs: Number(read("DEADLINE_MS")),
    compileReads: read("READ_PATH") === "compiled",
    publicBaseUrl: read("PUBLIC_BASE_URL"),
    corsOrigins: read("CORS_ORIGINS")?.split(","),
  });
}
