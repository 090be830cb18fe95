import type { Datum } from "./coordinates.js";
import { datums } from "./coordinates.js";
import { enumeration } from "./entity/enumeration.js";

/** Central meridians of the three-degree Gauss-Kruger zones of CGCS2000, EPSG:4534 to EPSG:4554. */
const MERIDIANS = Array.from({ length: 21 }, (_, index) => 75 + 3 * index);

/** Systems coordinates are given in. GeoJSON always has longitude, or easting, first, whatever the system's own order of axes. */
export const crs = enumeration<string>("Crs", { zh: "坐标系", en: "coordinate reference system" }, {
  EPSG4490: ["CGCS2000 经纬度(存储所用),度,经度在前", "CGCS2000 degrees as stored, longitude first"],
  CRS84: ["WGS84 经纬度(OGC:CRS84),度;与 CGCS2000 椭球相差不足 0.11 毫米,数值相同", "WGS84 degrees (OGC:CRS84); the figures of the earth differ by less than 0.11 mm, the numbers are the same"],
  WGS84: ["同 CRS84", "the same as CRS84"],
  GCJ02: ["GCJ-02(高德、腾讯),度;境外不偏移", "GCJ-02 degrees (AMap, Tencent); outside China not shifted"],
  BD09: ["BD-09(百度),度;境外不偏移", "BD-09 degrees (Baidu); outside China not shifted"],
  WEB_MERCATOR: ["Web 墨卡托 EPSG:3857,米;纬度超过 85.06 度者为空", "Web Mercator EPSG:3857, metres; null beyond 85.06 degrees of latitude"],
  ...Object.fromEntries(
    MERIDIANS.map((meridian) => [
      `GK_${meridian}E`,
      [`CGCS2000 高斯-克吕格 3 度带,中央经线 ${meridian}°E(EPSG:${sridOfMeridian(meridian)}),米,东坐标在前;距中央经线 9 度以外者为空`, `CGCS2000 three-degree Gauss-Kruger, central meridian ${meridian} E (EPSG:${sridOfMeridian(meridian)}), metres, easting first; null more than 9 degrees away`] as const,
    ]),
  ),
});

/** 坐标基准 of what comes in. */
export const datum = enumeration("Datum", { zh: "坐标基准", en: "datum of coordinates that come in" }, {
  CGCS2000: ["国家大地坐标系(EPSG:4490)", "CGCS2000 (EPSG:4490)"],
  WGS84: ["WGS84,与 CGCS2000 同等对待", "WGS84, taken as CGCS2000"],
  GCJ02: ["GCJ-02(高德、腾讯)", "GCJ-02 (AMap, Tencent)"],
  BD09: ["BD-09(百度)", "BD-09 (Baidu)"],
} satisfies Record<Datum, readonly [string, string]>);

export const STORED_CRS = "EPSG4490";

function sridOfMeridian(meridian: number): number {
  return 4534 + (meridian - 75) / 3;
}

/** How SQL or code makes a system of the stored degrees. */
export type Projection = { by: "none" } | { by: "datum"; datum: Datum } | { by: "srid"; srid: number; meridian: number | null };

export function projectionOf(name: string): Projection {
  if ((datums as readonly string[]).includes(name) && name !== "WGS84") return { by: "datum", datum: name as Datum };
  if (name === "WEB_MERCATOR") return { by: "srid", srid: 3857, meridian: null };
  const meridian = /^GK_(\d+)E$/.exec(name)?.[1];
  return meridian ? { by: "srid", srid: sridOfMeridian(Number(meridian)), meridian: Number(meridian) } : { by: "none" };
}

/** The three-degree zone a longitude lies in: metres there are true to one part in two thousand at the worst. */
export function zoneOf(lon: number): { srid: number; meridian: number } {
  const meridian = Math.min(135, Math.max(75, Math.round(lon / 3) * 3));
  return { srid: sridOfMeridian(meridian), meridian };
}
