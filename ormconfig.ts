import { prepare } from "./src/platform/db/engine.js";

/** The one data source, for TypeORM's own commands: the database of DATABASE_URL, else the embedded one in DATA_DIR. */
const { source, release } = await prepare({ databaseUrl: process.env["DATABASE_URL"], dataDir: process.env["DATA_DIR"] ?? "./.data" });

const destroy = source.destroy.bind(source);
// The commands know only the source; closing it must also flush and unlock the directory.
source.destroy = async () => {
  await destroy();
  await release();
};

export default source;
