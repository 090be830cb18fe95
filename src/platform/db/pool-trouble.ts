/** A connection that breaks is replaced by the pool; it is said once a minute at most and never ends the process. */
export class PoolTrouble {
  private saidAt = 0;

  readonly note = (error: Error) => {
    if (Date.now() - this.saidAt < 60_000) return;
    this.saidAt = Date.now();
    process.stderr.write(`数据库连接中断,将重新连接 / a database connection broke and will be replaced: ${error.message}\n`);
  };
}
