import type { GeoJSONSource, Map as MapLibre, MapMouseEvent } from "maplibre-gl";

type Position = [number, number];
/** More corners than a hand draws; the service takes more. */
const MOST_CORNERS = 200;

/** Draws one polygon by clicks: a double click or a click on the first corner closes it, Escape gives up. */
export class Drawing {
  private corners: Position[] | null = null;

  constructor(
    private readonly map: MapLibre,
    private readonly source: string,
    private readonly done: (ring: Position[] | null) => void,
  ) {
    map.on("click", (event) => this.click(event));
    map.on("mousemove", (event) => this.corners?.length && this.show([...this.corners, [event.lngLat.lng, event.lngLat.lat]]));
    map.on("dblclick", (event) => {
      if (!this.corners) return;
      event.preventDefault();
      this.close();
    });
    window.addEventListener("keydown", (event) => event.key === "Escape" && this.corners && this.end(null));
  }

  get active(): boolean {
    return this.corners !== null;
  }

  begin(): void {
    this.corners = [];
    this.show([]);
    this.map.getCanvas().style.cursor = "crosshair";
  }

  clear(): void {
    this.show([]);
  }

  private click(event: MapMouseEvent): void {
    if (!this.corners || this.corners.length >= MOST_CORNERS) return;
    const first = this.corners[0];
    if (first && this.corners.length >= 3 && this.map.project(first).dist(event.point) < 10) return this.close();
    this.corners.push([event.lngLat.lng, event.lngLat.lat]);
    this.show(this.corners);
  }

  private close(): void {
    // A double click has put the same corner twice.
    const corners = this.corners!.filter((corner, at, all) => at === 0 || corner[0] !== all[at - 1]![0] || corner[1] !== all[at - 1]![1]);
    if (corners.length < 3) return;
    const ring = [...corners, corners[0]!];
    this.show(ring);
    this.end(ring);
  }

  private end(ring: Position[] | null): void {
    this.corners = null;
    this.map.getCanvas().style.cursor = "";
    if (!ring) this.show([]);
    this.done(ring);
  }

  private show(corners: readonly Position[]): void {
    const closed = corners.length > 3 && corners[0]![0] === corners.at(-1)![0] && corners[0]![1] === corners.at(-1)![1];
    const geometry = closed ? { type: "Polygon" as const, coordinates: [[...corners]] } : { type: "LineString" as const, coordinates: [...corners] };
    const features = corners.length < 2 ? [] : [{ type: "Feature" as const, properties: {}, geometry }];
    this.map.getSource<GeoJSONSource>(this.source)?.setData({ type: "FeatureCollection", features });
  }
}
