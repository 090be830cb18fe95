/** What OpenLayers and MapLibre, in a browser, make of the service's addresses. Bundled into a page by the test that asks. */
import { Map as MapLibre, setWorkerUrl } from "maplibre-gl";
import GeoJSON from "ol/format/GeoJSON.js";
import MVT from "ol/format/MVT.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorTileLayer from "ol/layer/VectorTile.js";
import OpenLayersMap from "ol/Map.js";
import { bbox } from "ol/loadingstrategy.js";
import Projection from "ol/proj/Projection.js";
import { addEquivalentProjections, addProjection, get, transformExtent } from "ol/proj.js";
import OGCVectorTile from "ol/source/OGCVectorTile.js";
import VectorSource from "ol/source/Vector.js";
import VectorTileSource from "ol/source/VectorTile.js";
import View from "ol/View.js";

// Degrees as they are, latitude first by its authority: nothing a library of projections would have to work out.
const CGCS2000 = new Projection({ code: "http://www.opengis.net/def/crs/EPSG/0/4490", units: "degrees", axisOrientation: "neu", extent: [-180, -90, 180, 90], global: true });
addProjection(CGCS2000);
addEquivalentProjections([get("EPSG:4326"), CGCS2000]);

/** A map of one layer in the whole window, drawn to its end; `read` then says what is in it. */
async function drawn(layer, { center, zoom, resolution, projection = "EPSG:3857" }, read) {
  const target = document.body.appendChild(document.createElement("div"));
  target.style.cssText = "position:fixed;inset:0";
  const map = new OpenLayersMap({ target, layers: [layer], controls: [], view: new View({ center, zoom, resolution, projection }) });
  try {
    const source = layer.getSource();
    await new Promise((resolve, reject) => {
      source.on("change", () => source.getState() === "error" && reject(new Error("OpenLayers: the source is in error")));
      source.on("tileloaderror", () => reject(new Error("OpenLayers: a tile did not load")));
      source.on("featuresloaderror", () => reject(new Error("OpenLayers: features did not load")));
      // Complete before the description of the tiles is there: nothing was asked yet.
      map.on("rendercomplete", () => source.getState() === "ready" && resolve());
    });
    return read(map);
  } finally {
    map.setTarget(undefined);
    target.remove();
  }
}

const ofTiles = (source, at) => {
  const layer = new VectorTileLayer({ source });
  return drawn(layer, at, (map) => layer.getFeaturesInExtent(map.getView().calculateExtent(map.getSize())).map((feature) => ({ properties: feature.getProperties(), at: feature.getFlatCoordinates().slice(0, 2) })));
};

window.readers = {
  tiles: ({ url, ...at }) => ofTiles(new VectorTileSource({ format: new MVT(), url, maxZoom: 22 }), at),
  tileset: ({ url, ...at }) => ofTiles(new OGCVectorTile({ format: new MVT(), url, projection: at.projection && get(at.projection) }), at),
  features({ url, ...at }) {
    const source = new VectorSource({ format: new GeoJSON(), strategy: bbox, url: (extent, _resolution, projection) => `${url}&bbox=${transformExtent(extent, projection, "EPSG:4326").join(",")}` });
    return drawn(new VectorLayer({ source }), at, () => source.getFeatures().map((feature) => ({ id: feature.getId(), properties: { code: feature.get("code") }, at: feature.getGeometry().getCoordinates() })));
  },
  async mapLibre({ style, headers, worker, source, center, zoom }) {
    setWorkerUrl(worker);
    const target = document.body.appendChild(document.createElement("div"));
    target.style.cssText = "position:fixed;inset:0";
    const map = new MapLibre({ container: target, style, center, zoom, fadeDuration: 0, transformRequest: (url) => ({ url, headers }) });
    const problems = [];
    map.on("error", ({ error }) => problems.push(String(error)));
    await new Promise((resolve) => map.once("idle", resolve));
    const told = (features) => features.map(({ layer, properties }) => ({ layer: layer?.id, properties }));
    const answer = { problems, tiles: told(map.querySourceFeatures(source, { sourceLayer: source })), drawn: told(map.queryRenderedFeatures()) };
    map.remove();
    target.remove();
    return answer;
  },
};
