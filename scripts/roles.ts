/**
 * npm run roles [-- --owner NAME] [--runtime NAME] [--apply]: the owner and the runtime role of a PostgreSQL database.
 * Prints the SQL for the database's administrator; with --apply runs it over ADMIN_DATABASE_URL, a superuser's connection to
 * the service's database, and sets the passwords given in OWNER_PASSWORD and RUNTIME_PASSWORD.
 */
import { parseArgs } from "node:util";
import pg from "pg";
import { rolesSql } from "../src/platform/db/roles.js";

const { values } = parseArgs({ options: { owner: { type: "string", default: "yitu_owner" }, runtime: { type: "string", default: "yitu_service" }, apply: { type: "boolean", default: false } } });
const sql = rolesSql(values);

if (!values.apply) {
  process.stdout.write(`${sql}-- 然后设密码 / then set passwords: \\password ${values.owner}  \\password ${values.runtime}\n`);
} else {
  const url = process.env["ADMIN_DATABASE_URL"];
  if (!url) {
    process.stderr.write("须设 ADMIN_DATABASE_URL:超级用户到本服务数据库的连接串 / ADMIN_DATABASE_URL is needed: a superuser's connection to the service's database\n");
    process.exit(2);
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
    for (const [name, password] of [[values.owner, process.env["OWNER_PASSWORD"]], [values.runtime, process.env["RUNTIME_PASSWORD"]]] as const)
      if (password) await client.query(`alter role ${name} password ${client.escapeLiteral(password)}`);
    process.stdout.write("角色已就绪;以属主运行 npm run migrate / the roles are ready; run npm run migrate as the owner\n");
  } finally {
    await client.end();
  }
}
