import { EXTENT } from "./encode.js";

/** A tile matrix set: how the earth is laid on a square that is halved at every zoom. */
export interface Matrix {
  id: string;
  uri: string;
  zh: string;
  en: string;
  crs: string;
  minZoom: number;
  rows: (zoom: number) => number;
  /** Distance from the top of the square, in its sides, of a latitude; in SQL and back from it in degrees. */
  fromTop: (lat: string) => string;
  latitude: (fromTop: number) => number;
  mercator: boolean;
}

export const MAX_ZOOM = 22;

/** Tile matrix sets by their ids. */
export const matrices: Readonly<Record<string, Matrix>> = {
  WebMercatorQuad: {
    id: "WebMercatorQuad",
    uri: "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad",
    zh: "Web 墨卡托",
    en: "Web Mercator",
    crs: "http://www.opengis.net/def/crs/EPSG/0/3857",
    minZoom: 0,
    rows: (zoom) => 2 ** zoom,
    fromTop: (lat) => `0.5 - asinh(tan(radians(${lat}))) / ${2 * Math.PI}`,
    latitude: (fromTop) => (Math.atan(Math.sinh(Math.PI * (1 - 2 * fromTop))) * 180) / Math.PI,
    mercator: true,
  },
  CGCS2000Quad: {
    id: "CGCS2000Quad",
    uri: "urn:tilematrixset:CGCS2000Quad",
    zh: "天地图经纬度切片(c),自第 1 级起,两列一行",
    en: "grid of degrees of Tianditu (c), from level 1, two columns by one row",
    crs: "http://www.opengis.net/def/crs/EPSG/0/4490",
    minZoom: 1,
    rows: (zoom) => 2 ** (zoom - 1),
    fromTop: (lat) => `(90 - ${lat}) / 360`,
    latitude: (fromTop) => 90 - 360 * fromTop,
    mercator: false,
  },
};

export interface Address {
  matrix: Matrix;
  /** Positions are shifted to GCJ-02 before they are laid on the square. */
  shifted: boolean;
  z: number;
  x: number;
  y: number;
}

/** Whether the matrix set has such a tile. */
export const exists = ({ matrix, z, x, y }: Address): boolean => z >= matrix.minZoom && z <= MAX_ZOOM && x < 2 ** z && y < matrix.rows(z);

/** How a tile lies in the whole: units from the left and the top, and the box of degrees its rows are looked for in. */
export interface Frame {
  zoom: number;
  /** Units of the whole square's side. */
  scale: number;
  left: number;
  top: number;
  west: number;
  south: number;
  east: number;
  north: number;
}

/** Degrees by which GCJ-02 moves a position at most, north of the equator and south of 56 degrees. */
export const SHIFT = 0.015;

/**
 * @param margin units beyond the tile's edge that are drawn as well.
 * @param moved degrees by which positions may be drawn away from where they are stored, beside the shift.
 */
export function frameOf({ matrix, shifted, z, x, y }: Address, margin: number, moved = 0): Frame {
  const tiles = 2 ** z;
  const beyond = margin / EXTENT;
  const shift = (shifted ? SHIFT : 0) + moved;
  const longitude = (column: number) => (column / tiles) * 360 - 180;
  return {
    zoom: z,
    scale: EXTENT * tiles,
    left: EXTENT * x,
    top: EXTENT * y,
    west: Math.max(-180, longitude(x - beyond) - shift),
    east: Math.min(180, longitude(x + 1 + beyond) + shift),
    north: Math.min(90, matrix.latitude((y - beyond) / tiles) + shift),
    south: Math.max(-90, matrix.latitude((y + 1 + beyond) / tiles) - shift),
  };
}
