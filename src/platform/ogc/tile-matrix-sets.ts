import { describe, type Description } from "../entity/entity.js";
import { EXTENT } from "../tiles/encode.js";
import type { MapLayer } from "../tiles/map-layer.js";
import { matrices, MAX_ZOOM, SHIFT, type Matrix } from "../tiles/matrix.js";
import { CELL } from "../tiles/points.js";

/** A tile matrix set as OGC API Tiles names it, and what the tiles are asked by in it. */
export interface TileMatrixSet extends Description {
  id: string;
  matrix: Matrix;
  crs: string;
  /** Its name in the register of tile matrix sets, where it is registered. */
  registered?: string;
  wellKnownScaleSet?: string;
  parameters: Readonly<Record<string, string>>;
}

const WEB = matrices["WebMercatorQuad"]!;
const DEGREES = matrices["CGCS2000Quad"]!;
const SCALES = "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible";

export const tileMatrixSets: readonly TileMatrixSet[] = [
  { id: WEB.id, zh: WEB.zh, en: WEB.en, matrix: WEB, crs: WEB.crs, registered: WEB.uri, wellKnownScaleSet: SCALES, parameters: { tms: WEB.id } },
  { id: DEGREES.id, zh: DEGREES.zh, en: DEGREES.en, matrix: DEGREES, crs: DEGREES.crs, parameters: { tms: DEGREES.id } },
  // No authority has a name for positions shifted to GCJ-02 and then projected.
  { id: "WebMercatorQuadGCJ02", zh: "Web 墨卡托,位置已偏移为 GCJ-02(高德、腾讯底图)", en: "Web Mercator over positions shifted to GCJ-02 (base maps of AMap and Tencent)", matrix: WEB, crs: "urn:x-yitu:def:crs:GCJ02:WebMercator", parameters: { tms: WEB.id, crs: "GCJ02" } },
];

/** Pixels of a side and metres of a pixel the scales of the standard are counted by. */
const PIXELS = 256;
const PIXEL_METRES = 0.000_28;
/** Half the equator of web Mercator in metres; that of CGCS2000 differs by none of these digits. */
const HALF = 20_037_508.342_789_244;
const METRES_OF_DEGREE = HALF / 180;

/** The full definition (OGC Two Dimensional Tile Matrix Set 2.0): corners in the axis order of the system. */
export function tileMatrixSetDocument(set: TileMatrixSet) {
  const { matrix, registered, wellKnownScaleSet } = set;
  return {
    id: set.id,
    title: describe(set),
    ...(registered ? { uri: registered } : {}),
    crs: set.crs,
    orderedAxes: matrix.mercator ? ["X", "Y"] : ["Lat", "Lon"],
    ...(wellKnownScaleSet ? { wellKnownScaleSet } : {}),
    tileMatrices: Array.from({ length: MAX_ZOOM - matrix.minZoom + 1 }, (_, at) => {
      const zoom = matrix.minZoom + at;
      const cellSize = (matrix.mercator ? 2 * HALF : 360) / (PIXELS * 2 ** zoom);
      return {
        id: String(zoom),
        scaleDenominator: (cellSize * (matrix.mercator ? 1 : METRES_OF_DEGREE)) / PIXEL_METRES,
        cellSize,
        cornerOfOrigin: "topLeft",
        pointOfOrigin: matrix.mercator ? [-HALF, HALF] : [90, -180],
        tileWidth: PIXELS,
        tileHeight: PIXELS,
        matrixWidth: 2 ** zoom,
        matrixHeight: matrix.rows(zoom),
      };
    }),
  };
}

export interface Limits {
  tileMatrix: string;
  minTileRow: number;
  maxTileRow: number;
  minTileCol: number;
  maxTileCol: number;
}

/** Which tiles can hold something of these layers, with what reaches in from the neighbour. */
export function limitsOf({ matrix, parameters }: TileMatrixSet, layers: readonly MapLayer[], [west, south, east, north]: readonly [number, number, number, number]): Limits[] {
  const shift = parameters["crs"] === "GCJ02" ? SHIFT : 0;
  const fromTop = (latitude: number) => (matrix.mercator ? 0.5 - Math.asinh(Math.tan((latitude * Math.PI) / 180)) / (2 * Math.PI) : (90 - latitude) / 360);
  const deepest = Math.min(MAX_ZOOM, Math.max(...layers.map((layer) => layer.zoom[1])));
  const margin = CELL / EXTENT;
  return Array.from({ length: deepest - matrix.minZoom + 1 }, (_, at) => {
    const zoom = matrix.minZoom + at;
    const within = (place: number, count: number) => Math.min(count - 1, Math.max(0, Math.floor(place)));
    const [columns, rows] = [2 ** zoom, matrix.rows(zoom)];
    const column = (longitude: number) => ((longitude + 180) / 360) * columns;
    const row = (latitude: number) => fromTop(latitude) * columns;
    return {
      tileMatrix: String(zoom),
      minTileRow: within(row(north + shift) - margin, rows),
      maxTileRow: within(row(south - shift) + margin, rows),
      minTileCol: within(column(west - shift) - margin, columns),
      maxTileCol: within(column(east + shift) + margin, columns),
    };
  });
}

/** Whether a tile lies in the limits told; one beyond them is none. */
export const insideLimits = (limits: readonly Limits[], [matrix, row, column]: readonly [string, string, string]): boolean =>
  limits.some((each) => each.tileMatrix === matrix && Number(row) >= each.minTileRow && Number(row) <= each.maxTileRow && Number(column) >= each.minTileCol && Number(column) <= each.maxTileCol);
