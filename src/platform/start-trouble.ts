import { BadSetting } from "./config.js";
import { DirectoryInUse } from "./db/engine.js";
import { NotMigrated } from "./db/migrate.js";

interface Told {
  code?: string;
  syscall?: string;
  path?: string;
  hostname?: string;
  address?: string;
  port?: number;
  message: string;
}

const said = (zh: string, en: string) => `${zh} / ${en}`;
const where = ({ hostname, address, port }: Told) => `${hostname ?? address ?? ""}${port ? `:${port}` : ""}`;

/** What may go wrong at start, by the system's or the database's own code. */
const SENTENCES: Readonly<Record<string, (told: Told) => string>> = {
  EADDRINUSE: () => said("端口已被占用;用环境变量 PORT 指定其他端口", "the port is in use; choose another with PORT"),
  EADDRNOTAVAIL: (told) => said(`本机没有监听地址 ${told.address ?? ""};检查 HOST`, `this machine has no address ${told.address ?? ""} to listen on; check HOST`),
  ENOTFOUND: (told) => said(`找不到主机 ${where(told)};检查 DATABASE_URL 或 HOST`, `there is no host ${where(told)}; check DATABASE_URL or HOST`),
  EAI_AGAIN: (told) => said(`暂时无法解析主机 ${where(told)};检查域名服务与 DATABASE_URL`, `the host ${where(told)} cannot be resolved now; check the name service and DATABASE_URL`),
  ECONNREFUSED: (told) => said(`数据库没有应答 ${where(told)};确认 PostgreSQL 已启动,检查 DATABASE_URL`, `nothing listens at ${where(told)}; see that PostgreSQL runs, and check DATABASE_URL`),
  EHOSTUNREACH: (told) => said(`无法到达 ${where(told)};检查网络与 DATABASE_URL`, `${where(told)} cannot be reached; check the network and DATABASE_URL`),
  "28P01": () => said("数据库口令不符;检查 DATABASE_URL", "the database's password is wrong; check DATABASE_URL"),
  "28000": () => said("数据库不接受此用户;检查 DATABASE_URL 与 pg_hba.conf", "the database does not admit this user; check DATABASE_URL and pg_hba.conf"),
  "3D000": () => said("没有 DATABASE_URL 所指的数据库;先建库", "the database named in DATABASE_URL does not exist; create it first"),
  "42501": () => said("数据库用户权限不足,无法迁移或读取;由库的所有者执行 npm run migrate,再为本用户授权", "the database user lacks rights to migrate or to read; let the owner run npm run migrate, then grant rights to this user"),
  "53300": () => said("数据库连接已满;减小 POOL_SIZE 或增大 max_connections", "the database has no connection left; lower POOL_SIZE or raise max_connections"),
  "57P03": () => said("数据库正在启动或恢复;稍后再启动服务", "the database is starting or recovering; start the service a little later"),
  "0A000": () => said("数据库缺少所需扩展;安装 PostGIS 等扩展", "the database lacks an extension; install PostGIS and the others"),
  "58P01": () => said("数据库缺少所需扩展文件;安装 PostGIS 等扩展", "files of an extension are missing on the database's machine; install PostGIS and the others"),
  "53100": () => said("数据库所在磁盘空间不足", "the database's disk is full"),
  ENOSPC: () => said("磁盘空间不足;腾出空间或另设 DATA_DIR", "there is no space left on the disk; make room or choose another DATA_DIR"),
  EACCES: (told) =>
    told.syscall === "listen"
      ? said("无权监听该端口;用 PORT 指定 1024 以上的端口", "this port may not be listened on; choose one above 1024 with PORT")
      : said(`无权读写 ${told.path ?? "数据目录"};检查其所有者,或另设 DATA_DIR`, `${told.path ?? "the data directory"} may not be read or written; check its owner, or choose another DATA_DIR`),
  EPERM: (told) => said(`无权读写 ${told.path ?? "数据目录"};检查其所有者,或另设 DATA_DIR`, `${told.path ?? "the data directory"} may not be written; check its owner, or choose another DATA_DIR`),
  EROFS: (told) => said(`${told.path ?? "数据目录"} 所在文件系统只读;另设 DATA_DIR`, `${told.path ?? "the data directory"} is on a read-only file system; choose another DATA_DIR`),
  ENOTDIR: (told) => said(`${told.path ?? "DATA_DIR"} 不是目录;检查 DATA_DIR`, `${told.path ?? "DATA_DIR"} is no directory; check DATA_DIR`),
  EEXIST: (told) => said(`${told.path ?? "DATA_DIR"} 不是目录;检查 DATA_DIR`, `${told.path ?? "DATA_DIR"} is no directory; check DATA_DIR`),
};

const TIMED_OUT = /timeout expired|connection timeout|timeout exceeded when trying to connect/;

/** A trouble at start as a sentence for whoever starts the service; undefined for one nobody foresaw, whose stack is wanted. */
export function startTrouble(error: unknown): string | undefined {
  if (error instanceof BadSetting || error instanceof DirectoryInUse || error instanceof NotMigrated) return error.message;
  for (let cause: unknown = error, depth = 0; cause instanceof Error && depth < 4; cause = cause.cause ?? (cause as { driverError?: unknown }).driverError, depth += 1) {
    const told = cause as Error & Told;
    const one = cause instanceof AggregateError ? (cause.errors[0] as Told | undefined) : told;
    const sentence = SENTENCES[one?.code ?? ""];
    if (one && sentence) return sentence(one);
    if (TIMED_OUT.test(cause.message)) return said("数据库在五秒内没有应答;检查 DATABASE_URL 与网络", "the database did not answer within five seconds; check DATABASE_URL and the network");
  }
  return undefined;
}
