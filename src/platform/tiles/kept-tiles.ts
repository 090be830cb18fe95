import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { Fault } from "../fault.js";

/** A finished tile; empty where nothing is there. */
export interface Tile {
  bytes: Buffer;
  /** Layers with more features than are shown one by one. */
  crowded: readonly string[];
}

export type Coding = "br" | "gzip" | "identity";

const WORTH_PACKING = 1_024;
const pack = {
  br: (bytes: Buffer) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 2, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
  gzip: (bytes: Buffer) => promisify(gzip)(bytes, { level: 6 }),
};

interface Kept extends Tile {
  packed: Map<Coding, Promise<Buffer>>;
  size: number;
}

/** The coding to answer in, by what the client takes; identity where none is worth it. */
export function codingFor(accepted: string | undefined, length: number): Coding {
  if (length < WORTH_PACKING || !accepted) return "identity";
  const weights = new Map(accepted.toLowerCase().split(",").map((entry): [string, number] => {
    const [name = "", ...parameters] = entry.trim().split(/\s*;\s*/);
    const weight = parameters.find((parameter) => parameter.startsWith("q="));
    return [name, weight ? Number(weight.slice(2)) : 1];
  }));
  const takes = (coding: string) => (weights.get(coding) ?? weights.get("*") ?? 0) > 0;
  return takes("br") ? "br" : takes("gzip") ? "gzip" : "identity";
}

/**
 * Tiles by their key, which holds everything they depend on: statement, values, revision. Two callers share one only
 * where the same statement with the same values would give both the same rows. Bounded by bytes, the longest unused goes first.
 */
export class KeptTiles {
  private readonly tiles = new Map<string, Kept>();
  private readonly inWork = new Map<string, Promise<Kept>>();
  private bytes = 0;

  constructor(
    private readonly limit: number,
    private readonly gate: Gate,
  ) {}

  /** The tile of a key; made once however many ask for it at the same time. */
  async get(key: string, make: () => Promise<Tile>): Promise<Kept> {
    const known = this.tiles.get(key);
    if (known) {
      this.tiles.delete(key);
      this.tiles.set(key, known);
      return known;
    }
    let making = this.inWork.get(key);
    if (!making) {
      making = this.gate
        .pass(make)
        .then((tile) => this.keep(key, { ...tile, packed: new Map(), size: tile.bytes.length + 512 }))
        .finally(() => this.inWork.delete(key));
      this.inWork.set(key, making);
    }
    return making;
  }

  async body(key: string, tile: Kept, coding: Coding): Promise<Buffer> {
    if (coding === "identity") return tile.bytes;
    let packed = tile.packed.get(coding);
    if (!packed) {
      packed = pack[coding](tile.bytes).then((bytes) => {
        if (this.tiles.get(key) === tile) this.grow(tile, bytes.length);
        return bytes;
      });
      tile.packed.set(coding, packed);
    }
    return packed;
  }

  private keep(key: string, tile: Kept): Kept {
    if (tile.size > this.limit / 8) return tile;
    this.tiles.set(key, tile);
    this.bytes += tile.size;
    this.shrink();
    return tile;
  }

  private grow(tile: Kept, by: number): void {
    tile.size += by;
    this.bytes += by;
    this.shrink();
  }

  private shrink(): void {
    for (const [key, tile] of this.tiles) {
      if (this.bytes <= this.limit) return;
      this.tiles.delete(key);
      this.bytes -= tile.size;
    }
  }
}

/** Lets so many in at once and so many wait; more are told to come back. */
export class Gate {
  private inside = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly most: number,
    private readonly mostWaiting: number,
  ) {}

  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.inside >= this.most) {
      if (this.waiting.length >= this.mostWaiting) throw new Fault("OVERLOADED", {});
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else this.inside += 1;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      // The place is handed on, not given up and taken again.
      if (next) next();
      else this.inside -= 1;
    }
  }
}
