import { publicAddress } from "../platform/http/address.js";
import { Fault } from "../platform/fault.js";
import type { Exchange, Route } from "../platform/http/server.js";
import { sendJson, told, type TileDoor } from "../platform/tiles/tile-routes.js";
import { systemOf } from "../platform/tiles/tile-maker.js";
import { tilesetOf } from "../platform/tiles/tile-request.js";
import { versionedFrom } from "../platform/tiles/versions.js";
import { allLayers } from "./layer.js";
import { legendOf, legendSvg } from "./legend.js";
import { mapStyle, OVERVIEW } from "./map-style.js";
import { palettes, type Palette } from "./palette.js";

/** Takes `palette` out of the parameters: the rest is what a tileset is asked by. */
function paletteFrom(parameters: URLSearchParams): Palette {
  const asked = parameters.getAll("palette");
  if (asked.length > 1 || (asked[0] !== undefined && !palettes.includes(asked[0] as Palette))) throw new Fault("INVALID_INPUT", { field: "palette", rule: `one of ${palettes.join(", ")}` });
  parameters.delete("palette");
  return (asked[0] as Palette | undefined) ?? "screen";
}

/** `/styles/{id}.json`, `/legends/{layer}.json` and `.svg`. */
export function layerRoutes(door: TileDoor): Route[] {
  const style = async (exchange: Exchange) => {
    const id = exchange.matched[0]!;
    const layers = id === "overview" ? OVERVIEW.map((name) => allLayers().find((layer) => layer.id === name)!) : allLayers().filter((layer) => layer.id === id);
    if (layers.length === 0) throw new Fault("NOT_FOUND", {});
    const parameters = new URLSearchParams(exchange.url.search);
    const palette = paletteFrom(parameters);
    const versioned = versionedFrom(parameters);
    if (parameters.has("tms") || parameters.has("filter")) throw new Fault("INVALID_INPUT", { field: parameters.has("tms") ? "tms" : "filter", rule: "one of palette, crs, asOf, versioned" });
    // Refuses what the tiles of the style would refuse.
    for (const layer of layers) tilesetOf(layer.id, parameters, allLayers(), door.schema, await door.began());
    const base = publicAddress(exchange, door.publicBaseUrl);
    const made = mapStyle(id, layers, palette, (layer, shown) => {
      const query = new URLSearchParams(parameters);
      if (shown) query.set("filter", JSON.stringify(shown));
      if (versioned) query.set("versioned", "true");
      return `${base}/tiles/${layer.id}.json${query.size > 0 ? `?${query}` : ""}`;
    });
    sendJson(exchange, JSON.stringify(made));
  };

  const legend = async (exchange: Exchange) => {
    const actor = await door.actorOf(exchange);
    const parameters = new URLSearchParams(exchange.url.search);
    const palette = paletteFrom(parameters);
    const { layers, asOf, shifted, matrix } = tilesetOf(exchange.matched[0]!, parameters, allLayers(), door.schema, await door.began());
    if (layers.length !== 1) throw new Fault("INVALID_INPUT", { field: "layers", rule: "one" });
    const now = new Date().toISOString();
    const made = await legendOf(door.pool, door.hints, { ...layers[0]!, actor, palette, instant: { recorded: asOf, effective: asOf ?? now }, crs: systemOf({ matrix, shifted }) });
    exchange.response.setHeader("cache-control", "private, no-store");
    if (exchange.matched[1] === "json") exchange.response.writeHead(200, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(made));
    else exchange.response.writeHead(200, { "content-type": "image/svg+xml; charset=utf-8", "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'" }).end(legendSvg(made));
  };

  return [
    { method: "GET", pattern: /^\/styles\/([a-z-]{1,60})\.json$/, handle: told(style) },
    { method: "GET", pattern: /^\/legends\/([^/]{1,200})\.(json|svg)$/, handle: told(legend) },
  ];
}
