import type { Service } from "../../src/app.js";
import type { Engine } from "../../src/platform/db/engine.js";
import type { District } from "./district.js";

/** Statements sent through an engine, by their texts; "connect" for a connection taken for several. */
function watched(engine: Engine): { engine: Engine; sent: string[] } {
  const sent: string[] = [];
  const pool = new Proxy(engine.pool, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        if (name === "connect") sent.push("connect");
        if (name === "query") sent.push(typeof args[0] === "string" ? args[0] : (args[0] as { text: string }).text);
        return (value as (...given: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  return { engine: { ...engine, pool }, sent };
}

/** A service of the district whose statements are watched. */
export async function startWatched(district: District): Promise<{ service: Service; sent: string[] }> {
  const { engine, sent } = watched(district.database.engine);
  return { service: await district.start(engine, true), sent };
}
