import { log } from "../log.js";

/** A connection that breaks is replaced by the pool and never ends the process. */
export class PoolTrouble {
  readonly note = (error: Error): void => log.trouble("数据库连接中断,将重新连接 / a database connection broke and will be replaced", error);
}
