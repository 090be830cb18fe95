import { serverBinaries, startPrivateCluster } from "./private-cluster.mjs";

/** The PostgreSQL lane needs a server before the workers start: the one named, else a private one. */
export default async function setUp() {
  if (process.env.TEST_LANE !== "postgresql" || process.env.TEST_DATABASE_URL) return;
  const bin = serverBinaries();
  if (!bin) throw new Error("TEST_LANE=postgresql 需要 TEST_DATABASE_URL 或本机的 PostgreSQL 15+ 与 PostGIS / needs TEST_DATABASE_URL or PostgreSQL 15+ with PostGIS on this machine");
  const cluster = await startPrivateCluster(bin);
  process.env.TEST_DATABASE_URL = cluster.url;
  globalThis.privateCluster = cluster;
}
