import type { Map as MapLibre } from "maplibre-gl";
import { LEVELS, LOOKS, UNRATED } from "./words.js";

const SIZE = 24;

/** Draws an outline with a white seam, so that it stands out on any ground, as an image of the map. */
function add(map: MapLibre, name: string, shape: string, fill: string, line: string, sign = ""): void {
  const ratio = 2;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = (SIZE + 4) * ratio;
  const pen = canvas.getContext("2d")!;
  pen.scale(ratio, ratio);
  pen.translate(2, 2);
  const path = new Path2D(shape);
  pen.lineJoin = "round";
  pen.strokeStyle = "#fff";
  pen.lineWidth = 4;
  pen.stroke(path);
  pen.fillStyle = fill;
  pen.fill(path);
  pen.strokeStyle = line;
  pen.lineWidth = 1.5;
  pen.stroke(path);
  if (sign) {
    pen.fillStyle = line;
    pen.font = "bold 13px sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(sign, SIZE / 2, SIZE / 2 + 1);
  }
  map.addImage(name, pen.getImageData(0, 0, canvas.width, canvas.height), { pixelRatio: ratio });
}

const DISC = "M12 1A11 11 0 1 1 12 23 11 11 0 1 1 12 1Z";
const SHIELD = "M12 1 22 5V12C22 18 17 22 12 23 7 22 2 18 2 12V5Z";
export const HOUSE = "M12 3 21 11H18V21H6V11H3Z";

/** Every image the map draws with; made here, so that no sprite is fetched. */
export function addIcons(map: MapLibre): void {
  for (const level of LEVELS) {
    add(map, `risk-${level}`, LOOKS[level].shape, LOOKS[level].colour, "#222");
    add(map, `cluster-${level}`, DISC, "#ffffff", LOOKS[level].colour);
  }
  add(map, "risk-", DISC, UNRATED, "#222");
  add(map, "cluster-", DISC, "#ffffff", UNRATED);
  add(map, "danger-MAJOR", SHIELD, "#4a148c", "#ffffff", "!");
  add(map, "danger-GENERAL", SHIELD, "#ffffff", "#4a148c", "!");
  add(map, "subject", HOUSE, "#455a64", "#ffffff");
}
