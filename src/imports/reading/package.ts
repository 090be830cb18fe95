import { fromFd, type Entry, type ZipFile } from "yauzl";
import { BOUNDS } from "./bounds.js";
import type { OpenFile } from "./open-file.js";
import { tooMuch, Unreadable, type Meter } from "./unreadable.js";

/** The parts of a workbook that are read; what else lies in the package is passed over. */
const READ = /^xl\/(workbook\.xml|styles\.xml|sharedStrings\.xml|_rels\/workbook\.xml\.rels|worksheets\/[^/]+\.xml)$/;

const broken = () => new Unreadable("NOT_A_WORKBOOK", "不是完整的 XLSX 文件", "not a whole XLSX file");
const swollen = () => new Unreadable("TOO_LARGE", "解压后过大", "too large once unpacked");

/** The parts of a package, unpacked as they are read. */
export interface Package {
  part(name: string): Promise<AsyncIterable<Buffer> | undefined>;
}

/** Lists a package and holds what it says of itself against the bounds, before anything is unpacked. Throws {@link Unreadable}. */
export async function openPackage({ fd }: OpenFile, meter: Meter): Promise<Package> {
  const zip = await new Promise<ZipFile>((resolve, reject) => fromFd(fd, { lazyEntries: true, autoClose: false }, (error, opened) => (error ? reject(broken()) : resolve(opened))));
  if (zip.entryCount > BOUNDS.zipEntries) throw tooMuch("zipEntries");
  const entries = new Map<string, Entry>();
  await new Promise<void>((resolve, reject) => {
    zip.on("error", () => reject(broken()));
    zip.on("end", resolve);
    zip.on("entry", (entry: Entry) => {
      if (READ.test(entry.fileName)) entries.set(entry.fileName, entry);
      zip.readEntry();
    });
    zip.readEntry();
  });
  return {
    async part(name) {
      const entry = entries.get(name);
      if (!entry) return undefined;
      meter.count("unpackedBytes", entry.uncompressedSize);
      if (entry.uncompressedSize > BOUNDS.partBytes || (entry.uncompressedSize > 1_000_000 && entry.uncompressedSize > entry.compressedSize * BOUNDS.unpackedRatio)) throw swollen();
      const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) => zip.openReadStream(entry, (error, opened) => (error ? reject(broken()) : resolve(opened))));
      return unpacked(stream);
    },
  };
}

async function* unpacked(stream: NodeJS.ReadableStream): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch {
    throw broken();
  }
}
