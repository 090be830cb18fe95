import { prepare } from "./src/platform/db/engine.js";

/** The one data source, for TypeORM's own commands: the database of DATABASE_URL, else the embedded one in DATA_DIR. */
const { source } = await prepare({ databaseUrl: process.env["DATABASE_URL"], dataDir: process.env["DATA_DIR"] ?? "./.data" });

export default source;
