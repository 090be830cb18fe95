/** A process to be killed: writes one row after another and says the number of each once it is durable. */
import { openEngine } from "../../src/platform/db/engine.js";

const engine = await openEngine({ dataDir: process.argv[2]! });
await engine.pool.query("create table if not exists kept (n integer primary key, half text)");
const { rows } = await engine.pool.query("select coalesce(max(n), 0) as last from kept");
for (let n = (rows[0].last as number) + 1; ; n++) {
  const client = await engine.pool.connect();
  await client.query("begin");
  await client.query("insert into kept values ($1, 'first')", [n * 2]);
  await client.query("insert into kept values ($1, 'second')", [n * 2 + 1]);
  await client.query("commit");
  client.release();
  await engine.durable();
  process.stdout.write(`${n * 2}\n`);
}
