import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { PGlite } from "@electric-sql/pglite";
import { btree_gist } from "@electric-sql/pglite/contrib/btree_gist";
import { ltree } from "@electric-sql/pglite/contrib/ltree";
import { pg_trgm } from "@electric-sql/pglite/contrib/pg_trgm";
import { pgcrypto } from "@electric-sql/pglite/contrib/pgcrypto";
import { postgis } from "@electric-sql/pglite-postgis";
import { DurableFiles, type EngineModule } from "./durable-files.js";
import { type EngineOpening, type EngineReport, type EngineRequest, failureOf } from "./engine-messages.js";
import { type EngineFlags, Mark } from "./engine-watch.js";
import { PLANNING } from "./planning.js";
import { shareMemories } from "./shared-memory.js";
import { WireSession } from "./wire-session.js";

const port = parentPort!;
const tell = (report: EngineReport, moved: ArrayBuffer[] = []) => port.postMessage(report, moved);
const opening = workerData as EngineOpening;

/** Nothing after this can be trusted: to the database it is a crash, and whoever holds this thread opens it again. */
function end(error: unknown): never {
  tell({ kind: "broken", failure: failureOf(error) });
  return process.exit(1);
}

async function openDatabase({ dataDir, snapshotPath, deadlineMs }: EngineOpening) {
  const progress = (zh: string, en: string) => tell({ kind: "progress", zh, en });
  const directory = join(dataDir, "pg");
  const unfinished = join(dataDir, "pg.unfinished");
  // A creation that was interrupted left half a database: nothing in it was ever acknowledged.
  if (existsSync(unfinished)) rmSync(directory, { recursive: true, force: true });
  const fresh = !existsSync(join(directory, "PG_VERSION"));
  const snapshot = fresh && snapshotPath && existsSync(snapshotPath) ? snapshotPath : null;
  if (fresh) writeFileSync(unfinished, "");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // The lock on the directory proves that no server runs here; a leftover (also with a negative pid, after a signal)
  // would stop the start.
  rmSync(join(directory, "postmaster.pid"), { force: true });
  if (snapshot) progress("正在载入预制数据库(数秒)", "Loading the prepared database (a few seconds)");
  else if (fresh) progress("正在新建内嵌数据库(约半分钟)", "Creating the embedded database (about half a minute)");
  else progress("正在打开内嵌数据库", "Opening the embedded database");
  shareMemories();
  const files = new DurableFiles(directory);
  const session = { timezone: "Asia/Shanghai", client_encoding: "UTF8", statement_timeout: deadlineMs, ...PLANNING };
  const database = await PGlite.create({
    fs: files,
    relaxedDurability: true,
    extensions: { postgis, ltree, btree_gist, pg_trgm, pgcrypto },
    startParams: [...PGlite.defaultStartParams, ...Object.entries(session).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    ...(snapshot ? { loadDataDir: new Blob([readFileSync(snapshot)]) } : {}),
  });
  if (snapshot) await becomeItself(database);
  if (fresh) {
    await files.durable();
    rmSync(unfinished);
  }
  const flags = await findFlags(database, files.module!, deadlineMs);
  endAtTraps(files.module!);
  return { database, files, flags };
}

/** Every copy of a snapshot is a database of its own: cursors of one mean nothing in another, and its secret is nobody else's. */
async function becomeItself(database: PGlite) {
  const { rows } = await database.query("select to_regclass('system_settings') as found");
  if ((rows[0] as { found: unknown }).found === null) return;
  await database.query("update system_settings set epoch = gen_random_uuid(), redaction_key = gen_random_bytes(32)");
}

/** Numbers no other setting has. */
const PROBES = [1_903_561_207, 1_276_409_833];

type Found = EngineFlags & { shared: SharedArrayBuffer };

/** The engine names the flags of its interrupts; where it keeps its time limit is found by setting it. Leaves it set. */
async function findFlags(database: PGlite, module: EngineModule, deadlineMs: number): Promise<Found> {
  const shared = module.wasmMemory.buffer;
  const memory = new Int32Array(shared);
  let found: number[] | null = null;
  for (const value of [...PROBES, deadlineMs]) {
    await database.query("select set_config('statement_timeout', $1, false)", [String(value)]);
    found = found ? found.filter((index) => memory[index] === value) : placesOf(memory, value);
  }
  // Copies may be left on the stack and the heap; both lie above what is global.
  const statementTimeout = found![0];
  const { _InterruptPending: pending, _QueryCancelPending: cancel } = module;
  if (statementTimeout === undefined || !pending || !cancel) throw new Error("the engine's flags of interrupts or its statement_timeout were not found");
  return { shared, memory, interruptPending: address(pending), queryCancelPending: address(cancel), statementTimeout };
}

/** An address in the engine's memory as the index of a 32-bit number. */
const address = (bytes: number) => bytes / Int32Array.BYTES_PER_ELEMENT;

function placesOf(memory: Int32Array, value: number): number[] {
  const places: number[] = [];
  for (let at = memory.indexOf(value); at >= 0; at = memory.indexOf(value, at + 1)) places.push(at);
  return places;
}

/**
 * The engine's wrapping takes a trap of its code (a wild pointer, an exhausted stack) for an error of the statement and
 * goes on with what is left; here it ends the thread.
 */
function endAtTraps(module: EngineModule) {
  const { RuntimeError } = (globalThis as unknown as { WebAssembly: { RuntimeError: new () => Error } }).WebAssembly;
  const turn = module._PostgresMainLoopOnce;
  module._PostgresMainLoopOnce = () => {
    try {
      turn();
    } catch (error) {
      if (error instanceof RuntimeError || error instanceof RangeError) end(error);
      throw error;
    }
  };
}

async function serve() {
  const { database, files, flags } = await openDatabase(opening);
  const mark = new Mark(opening.watch, flags);
  const sessions = new Map<number, WireSession>();
  const sessionOf = (wire: number) => {
    let session = sessions.get(wire);
    if (!session) {
      // The engine is one session; who speaks to it now is the only one who still does.
      sessions.clear();
      sessions.set(wire, (session = new WireSession(database, mark)));
    }
    return session;
  };
  const work = async (request: EngineRequest): Promise<Uint8Array | undefined> => {
    switch (request.kind) {
      case "exchange": {
        const said = await sessionOf(request.wire).take(request.bytes);
        return joined(said);
      }
      case "durable":
        return files.durable() as Promise<undefined>;
      case "dump":
        return new Uint8Array(await (await database.dumpDataDir("gzip")).arrayBuffer());
      case "close":
        await database.close();
        return files.durable() as Promise<undefined>;
    }
  };
  port.on("message", (request: EngineRequest) => {
    work(request).then(
      (bytes) => tell({ kind: "answer", id: request.id, bytes }, bytes ? [bytes.buffer as ArrayBuffer] : []),
      (error: unknown) => tell({ kind: "failure", id: request.id, failure: failureOf(error) }),
    );
  });
  const { shared, interruptPending, queryCancelPending, statementTimeout } = flags;
  tell({ kind: "open", memory: shared, interruptPending, queryCancelPending, statementTimeout });
}

/** In memory of its own, which can be given away. */
function joined(parts: readonly Buffer[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

serve().catch(end);
