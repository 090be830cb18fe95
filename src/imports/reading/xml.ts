import { StringDecoder } from "node:string_decoder";
import { SaxesParser } from "saxes";
import { BOUNDS } from "./bounds.js";
import { tooMuch, Unreadable, type Meter } from "./unreadable.js";

export interface Handlers {
  open: (tag: string, attributes: Record<string, string>) => void;
  /** The text is that since the last tag. */
  close: (tag: string, text: string) => void;
}

/** Letters the parser is given at once: what it makes of them is taken away before it gets more. */
const SLICE_LETTERS = 64 * 1024;

/** Reads a part in slices, yielding after each what the caller may take away. Throws {@link Unreadable}. */
export async function* parseXml(stream: AsyncIterable<Buffer>, meter: Meter, { open, close }: Handlers): AsyncGenerator<void> {
  const parser = new SaxesParser();
  const decoder = new StringDecoder("utf8");
  let text = "";
  let depth = 0;
  parser.on("opentag", ({ name, attributes }) => {
    meter.count("xmlElements");
    depth += 1;
    if (depth > BOUNDS.xmlDepth) throw tooMuch("xmlDepth");
    text = "";
    open(name, attributes as Record<string, string>);
  });
  parser.on("text", (more) => (text += more));
  parser.on("closetag", ({ name }) => {
    depth -= 1;
    close(name, text);
    text = "";
  });
  const broken = (error: unknown) => (error instanceof Unreadable ? error : new Unreadable("XML_BROKEN", "工作簿内容残缺", "the workbook's XML is broken"));
  const write = (part: string) => {
    try {
      parser.write(part);
    } catch (error) {
      throw broken(error);
    }
  };
  for await (const bytes of stream) {
    const part = decoder.write(bytes);
    for (let at = 0; at < part.length; at += SLICE_LETTERS) {
      write(part.slice(at, at + SLICE_LETTERS));
      yield;
    }
  }
  write(decoder.end());
  try {
    parser.close();
  } catch (error) {
    throw broken(error);
  }
  yield;
}

/** Reads a part to its end. */
export async function readXml(stream: AsyncIterable<Buffer> | undefined, meter: Meter, handlers: Partial<Handlers>): Promise<void> {
  if (!stream) return;
  const ignore = () => {};
  const parsing = parseXml(stream, meter, { open: handlers.open ?? ignore, close: handlers.close ?? ignore });
  while (!(await parsing.next()).done);
}
