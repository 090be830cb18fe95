import { describe, expect, test } from "@jest/globals";
import {
  type CoordinateFault,
  detectSwap,
  fromCgcs2000,
  geometryFromCgcs2000,
  geometryToCgcs2000,
  toCgcs2000,
  type Geometry,
  type LonLat,
} from "../../src/platform/coordinates.js";

/** Metres between two close positions. */
function metres(a: LonLat, b: LonLat): number {
  const k = 111_320;
  return Math.hypot((a[0] - b[0]) * k * Math.cos((a[1] * Math.PI) / 180), (a[1] - b[1]) * k);
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (fault) {
    return (fault as CoordinateFault).code;
  }
  return "none";
}

const huixing: LonLat = [106.6312, 29.7183];

describe("coordinates", () => {
  test("WGS84 and CGCS2000 are one", () => {
    expect(toCgcs2000(huixing, "WGS84")).toEqual([...huixing]);
    expect(fromCgcs2000(huixing, "CGCS2000")).toEqual([...huixing]);
  });

  test("GCJ02 and BD09 come back to within a millimetre", () => {
    for (let lon = 74; lon < 135; lon += 3.7) {
      for (let lat = 18; lat < 54; lat += 2.3) {
        for (const datum of ["GCJ02", "BD09"] as const) {
          const shifted = fromCgcs2000([lon, lat], datum);
          expect(metres(shifted, [lon, lat])).toBeGreaterThan(10);
          expect(metres(toCgcs2000(shifted, datum), [lon, lat])).toBeLessThan(0.001);
        }
      }
    }
  });

  test("GCJ02 shifts a known place by the known amount", () => {
    const [lon, lat] = fromCgcs2000([116.404, 39.915], "GCJ02");
    expect(lon).toBeCloseTo(116.41024449916938, 8);
    expect(lat).toBeCloseTo(39.91640428150164, 8);
  });

  test("every position at the edge of the shifted box has an answer, close to what was given", () => {
    const started = Date.now();
    const edge: LonLat[] = [[72.004, 44.0013], [106.1727, 0.8293]];
    for (let i = 0; i <= 400; i += 1) {
      const lon = 72.004 + ((137.8347 - 72.004) * i) / 400;
      const lat = 0.8293 + ((55.8271 - 0.8293) * i) / 400;
      edge.push([72.004, lat], [137.8347, lat], [lon, 0.8293], [lon, 55.8271]);
      edge.push([72.0041, lat], [137.8346, lat], [lon, 0.8294], [lon, 55.827]);
    }
    for (const position of edge) {
      for (const datum of ["GCJ02", "BD09"] as const) {
        expect(metres(toCgcs2000(position, datum), position)).toBeLessThan(3000);
      }
    }
    expect(Date.now() - started).toBeLessThan(5000);
  });

  test("outside China nothing is shifted", () => {
    expect(toCgcs2000([-131.6203, 55.3594], "GCJ02")).toEqual([-131.6203, 55.3594]);
    expect(fromCgcs2000([145.7, 15.2], "GCJ02")).toEqual([145.7, 15.2]);
  });

  test("what is no position is refused", () => {
    expect(codeOf(() => toCgcs2000([NaN, 29], "WGS84"))).toBe("COORDINATE_INVALID");
    expect(codeOf(() => toCgcs2000([Infinity, 29], "WGS84"))).toBe("COORDINATE_INVALID");
    expect(codeOf(() => toCgcs2000([181, 29], "WGS84"))).toBe("COORDINATE_INVALID");
    expect(codeOf(() => toCgcs2000([120, -91], "WGS84"))).toBe("COORDINATE_INVALID");
    expect(codeOf(() => toCgcs2000([106, 29], "MARS" as never))).toBe("DATUM_UNKNOWN");
    expect(codeOf(() => toCgcs2000([106, 29], "toString" as never))).toBe("DATUM_UNKNOWN");
  });

  test("exchanged longitude and latitude are noticed", () => {
    expect(codeOf(() => toCgcs2000([29.7183, 106.6312], "WGS84"))).toBe("COORDINATE_SWAPPED");
    expect(detectSwap([29.7183, 106.6312])).toBe("certain");
    expect(detectSwap([39.47, 75.99])).toBe("likely");
    expect(detectSwap(huixing)).toBeNull();
    expect(detectSwap([-87.61, 33.19])).toBeNull();
  });

  test("a geometry is converted once per position and never in place", () => {
    const first = [...huixing, 210];
    const polygon: Geometry = {
      type: "Polygon",
      coordinates: [[first, [106.64, 29.72], [106.64, 29.73], first]],
      bbox: [106.6, 29.7, 106.7, 29.8],
    } as Geometry;
    const before = JSON.stringify(polygon);
    const shifted = geometryFromCgcs2000(polygon, "GCJ02") as unknown as { coordinates: number[][][] };
    expect(JSON.stringify(polygon)).toBe(before);
    expect(shifted).not.toHaveProperty("bbox");
    const ring = shifted.coordinates[0]!;
    expect(ring[0]).toEqual([...fromCgcs2000(huixing, "GCJ02"), 210]);
    expect(ring[3]).toEqual(ring[0]);
    const collection: Geometry = { type: "GeometryCollection", geometries: [{ type: "Point", coordinates: ring[1]! }] };
    const back = geometryToCgcs2000(collection, "GCJ02");
    expect(metres((back as never as { geometries: { coordinates: LonLat }[] }).geometries[0]!.coordinates, [106.64, 29.72])).toBeLessThan(0.001);
  });

  test("a geometry with a missing number is refused", () => {
    expect(codeOf(() => geometryToCgcs2000({ type: "Point", coordinates: [106] }, "WGS84"))).toBe("COORDINATE_INVALID");
    expect(codeOf(() => geometryToCgcs2000({ type: "Point", coordinates: "106,29" as never }, "WGS84"))).toBe("COORDINATE_INVALID");
  });
});
