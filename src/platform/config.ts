import { isIP } from "node:net";

/** One setting of the environment: its default, its rule, and what it is for. */
interface Setting {
  fallback?: string;
  rule: RegExp;
  zh: string;
  en: string;
}

const RATE = /^\d{1,9}$/;

/** Every environment variable the service reads; anything else has no effect. */
export const settings = {
  HOST: { fallback: "127.0.0.1", rule: /^[0-9A-Za-z.:-]+$/, zh: "监听地址", en: "address to listen on" },
  PORT: { fallback: "4000", rule: /^\d{1,5}$/, zh: "监听端口", en: "port to listen on" },
  DATA_DIR: { fallback: "./.data", rule: /^.+$/, zh: "数据目录(内嵌引擎与附件)", en: "directory of the embedded engine and of attachments" },
  DATABASE_URL: { rule: /^postgres(ql)?:\/\/.+$/, zh: "PostgreSQL 连接串;不设则用内嵌引擎", en: "PostgreSQL connection; the embedded engine unless given" },
  MIGRATION_DATABASE_URL: { rule: /^postgres(ql)?:\/\/.+$/, zh: "属主角色的连接串,仅启动时用于迁移与初始数据;不设则由 DATABASE_URL 的角色迁移,或须先运行 npm run migrate", en: "connection of the owner's role, used at start alone for migrations and first data; unless given the role of DATABASE_URL migrates, or npm run migrate is run beforehand" },
  DEMO: { rule: /^[01]$/, zh: "1 装入演示区,0 不装;内嵌引擎缺省为 1,PostgreSQL 缺省为 0", en: "1 loads the demo district, 0 does not; 1 on the embedded engine, 0 on PostgreSQL unless given" },
  POOL_SIZE: { fallback: "8", rule: /^([1-9]|[1-9]\d)$/, zh: "PostgreSQL 连接数", en: "connections to PostgreSQL" },
  DEADLINE_MS: { fallback: "8000", rule: /^[1-9]\d{1,5}$/, zh: "单条语句的期限(毫秒),到期取消", en: "milliseconds after which a statement is cancelled" },
  PUBLIC_BASE_URL: { rule: /^https?:\/\/[0-9A-Za-z.:[\]-]+(\/[0-9A-Za-z._~-]+)*\/?$/, zh: "对外地址,写入 TileJSON 等文档;不设则仅信本机", en: "address clients use, written into TileJSON and the like; only this machine's own unless given" },
  CORS_ORIGINS: { rule: /^(\*|https?:\/\/[0-9A-Za-z.:[\]-]+(,https?:\/\/[0-9A-Za-z.:[\]-]+)*)$/, zh: "可跨源读取瓦片、样式、图例与 OGC 接口的网页来源,逗号分隔,或 *;不设则无", en: "origins of pages that may read tiles, styles, legends and the OGC interface, by commas, or *; none unless given" },
  TRUST_PROXY: { rule: /^[0-9A-Fa-f.:]+(\/\d{1,3})?(,[0-9A-Fa-f.:]+(\/\d{1,3})?)*$/, zh: "可信反向代理的地址或网段,逗号分隔:由其 X-Forwarded-For 得知客户端地址;不设则以连接的地址为准", en: "addresses or networks of reverse proxies whose X-Forwarded-For tells a client's address, by commas; the connection's own address unless given" },
  RATE_KEY: { fallback: "200000", rule: RATE, zh: "每个密钥主体每秒的查询代价(查询 cost 之和,每次请求至少 1);0 不限", en: "cost of queries a second for the holder of a key (the sum of their cost, at least 1 a request); 0 for no limit" },
  RATE_PUBLIC: { fallback: "2000", rule: RATE, zh: "无密钥者每个地址每秒的查询代价;0 不限", en: "the same for each address without a key; 0 for no limit" },
  QUEUE_MS: { rule: RATE, zh: "请求为一个处理位置至多等待的毫秒,将等更久者立即拒绝;所求持续多于所能时,问得多者只许等其八十分之一;PostgreSQL 缺省 500,内嵌引擎缺省 5000", en: "milliseconds a request waits for a place at most, refused at once if it would be longer; an eightieth of it for who asks much, while more is asked than can be done; 500 on PostgreSQL, 5000 on the embedded engine unless given" },
  SHED_LAG_MS: { fallback: "100", rule: RATE, zh: "事件循环的通常延迟超过此毫秒数时拒绝超出份额的新请求(健康检查与请求不多的持钥者除外);0 不拒绝", en: "usual delay of the event loop, in milliseconds, above which new requests beyond a share are refused, but health checks and holders of keys who ask little; 0 for never" },
  MAX_CONNECTIONS: { fallback: "10000", rule: /^[1-9]\d{0,5}$/, zh: "同时打开的连接数", en: "connections open at once" },
  DRAIN_DELAY_MS: { fallback: "1000", rule: RATE, zh: "收到 SIGTERM 后先由 /readyz 告知、仍接受新连接的毫秒数", en: "milliseconds after SIGTERM during which /readyz says no and new connections are still taken" },
  READ_PATH: { fallback: "compiled", rule: /^(compiled|plain)$/, zh: "读取方式:compiled 编译为一条语句,plain 普通执行(对照用)", en: "compiled: one statement a request; plain: ordinary execution, for comparison" },
} as const satisfies Record<string, Setting>;

/** What callers may take, and when new work is refused; zero means no limit. */
export interface Limits {
  /** Cost a second for each holder of a key. */
  ratePerKey: number;
  /** Cost a second for each address without a key. */
  ratePerPublic: number;
  /** The longest wait for a place. */
  queueMs: number;
  /** Usual delay of the event loop above which new work is refused. */
  shedLagMs: number;
  maxConnections: number;
}

/** Where none are set: a service within another process, whose event loop is not its own to judge by. */
export const DEFAULT_LIMITS: Limits = { ratePerKey: 200_000, ratePerPublic: 2_000, queueMs: 5_000, shedLagMs: 0, maxConnections: 10_000 };

export interface Config {
  host: string;
  port: number;
  /** Absent: documents name this machine's own address. */
  publicBaseUrl?: string | undefined;
  /** Origins of pages that may read the map's routes; `*` for all. */
  corsOrigins?: readonly string[] | undefined;
  dataDir: string;
  databaseUrl?: string;
  /** The owner's connection, for migrations and first data alone. */
  migrationDatabaseUrl?: string | undefined;
  demo: boolean;
  poolSize: number;
  deadlineMs: number;
  compileReads: boolean;
  /** Addresses and networks of proxies whose word for a client's address is taken. */
  trustedProxies?: readonly string[] | undefined;
  limits?: Partial<Limits> | undefined;
  /** How long readiness says no before the service stops to listen. */
  drainDelayMs?: number | undefined;
}

/** Refused at start: which variable, and what it must be. */
export class BadSetting extends Error {}

function proxiesOf(told: string | undefined): readonly string[] | undefined {
  const proxies = told?.split(",");
  for (const proxy of proxies ?? []) {
    const [address = "", bits] = proxy.split("/");
    const family = isIP(address);
    if (family === 0 || Number(bits ?? 0) > (family === 4 ? 32 : 128)) throw new BadSetting(`环境变量 TRUST_PROXY 含有不是地址的内容:${proxy} / TRUST_PROXY names what is no address: ${proxy}`);
  }
  return proxies;
}

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
  const migrationDatabaseUrl = read("MIGRATION_DATABASE_URL");
  if (migrationDatabaseUrl && !databaseUrl) throw new BadSetting("设了 MIGRATION_DATABASE_URL 而未设 DATABASE_URL / MIGRATION_DATABASE_URL is given without DATABASE_URL");
  return Object.freeze({
    host: read("HOST")!,
    port,
    dataDir: read("DATA_DIR")!,
    databaseUrl,
    migrationDatabaseUrl,
    demo: (read("DEMO") ?? (databaseUrl ? "0" : "1")) === "1",
    poolSize: Number(read("POOL_SIZE")),
    deadlineMs: Number(read("DEADLINE_MS")),
    compileReads: read("READ_PATH") === "compiled",
    publicBaseUrl: read("PUBLIC_BASE_URL"),
    corsOrigins: read("CORS_ORIGINS")?.split(","),
    trustedProxies: proxiesOf(read("TRUST_PROXY")),
    limits: {
      ratePerKey: Number(read("RATE_KEY")),
      ratePerPublic: Number(read("RATE_PUBLIC")),
      queueMs: Number(read("QUEUE_MS") ?? (databaseUrl ? 500 : 5_000)),
      shedLagMs: Number(read("SHED_LAG_MS")),
      maxConnections: Number(read("MAX_CONNECTIONS")),
    },
    drainDelayMs: Number(read("DRAIN_DELAY_MS")),
  });
}
