const IMPORTS = 2;
const MEMORY = 2;
const HAS_MAXIMUM = 1;
const SHARED_WITH_MAXIMUM = 3;
/** 4 GiB in pages of 64 KiB, the most a declaration may name, as WebAssembly writes numbers. */
const MAXIMUM = [0x80, 0x80, 0x04];

/** Goes through a WebAssembly module's bytes. */
class Bytes {
  at = 8;
  constructor(readonly all: Uint8Array) {}

  byte = () => this.all[this.at++]!;

  /** An unsigned number, seven bits a byte. */
  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  skipName() {
    const length = this.number();
    this.at += length;
  }

  skipLimits() {
    const flags = this.byte();
    this.number();
    if (flags & HAS_MAXIMUM) this.number();
  }
}

function written(value: number): number[] {
  const rest = Math.floor(value / 128);
  return rest === 0 ? [value] : [(value % 128) | 0x80, ...written(rest)];
}

/**
 * The same module, with the memory it imports declared shared: a module compiled for a memory of its own refuses one
 * another thread can see, though it runs in it just as well. A module that imports no memory comes back as it is.
 */
export function declareShared(module: Uint8Array): Uint8Array {
  const bytes = new Bytes(module);
  while (bytes.at < module.length) {
    const start = bytes.at;
    const section = bytes.byte();
    const length = bytes.number();
    const body = bytes.at;
    if (section === IMPORTS) {
      for (let left = bytes.number(); left > 0; left--) {
        bytes.skipName();
        bytes.skipName();
        const kind = bytes.byte();
        if (kind === MEMORY) return withSharedLimits(module, { start, body, end: body + length, limits: bytes.at });
        if (kind === 0) bytes.number();
        else if (kind === 1) {
          bytes.byte();
          bytes.skipLimits();
        } else if (kind === 3) bytes.at += 2;
        else {
          bytes.byte();
          bytes.number();
        }
      }
    }
    bytes.at = body + length;
  }
  return module;
}

interface Place {
  /** Of the section of imports. */
  start: number;
  body: number;
  end: number;
  /** Of the memory's limits in it. */
  limits: number;
}

function withSharedLimits(module: Uint8Array, { start, body, end, limits }: Place): Uint8Array {
  const bytes = new Bytes(module);
  bytes.at = limits;
  const bounded = (bytes.byte() & HAS_MAXIMUM) !== 0;
  bytes.number();
  const inserted = bounded ? [] : MAXIMUM;
  const parts = [
    module.subarray(0, start + 1),
    Uint8Array.from(written(end - body + inserted.length)),
    module.subarray(body, limits),
    Uint8Array.of(SHARED_WITH_MAXIMUM),
    module.subarray(limits + 1, bytes.at),
    Uint8Array.from(inserted),
    module.subarray(bytes.at),
  ];
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

type Source = ArrayBuffer | ArrayBufferView;
const bytesOf = (source: Source) =>
  ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source);

interface Limits {
  initial: number;
  maximum?: number;
  shared?: boolean;
}

/** The part of WebAssembly's interface that makes memories and modules; the compiler's library for servers lacks it. */
interface Assembly {
  Memory: new (limits: Limits) => { buffer: SharedArrayBuffer };
  Module: new (source: Uint8Array) => object;
  instantiate(source: unknown, imports?: object): Promise<unknown>;
}

/**
 * From here on every memory that WebAssembly code gets in this thread can be seen by other threads. For a thread of its
 * own: it changes the language's own objects.
 */
export function shareMemories(): void {
  const assembly = (globalThis as unknown as { WebAssembly: Assembly }).WebAssembly;
  const { Memory, Module, instantiate } = assembly;
  const shared = (source: Source) => declareShared(bytesOf(source));
  assembly.Memory = new Proxy(Memory, {
    construct: (Made, [limits]: [Limits]) => new Made({ maximum: 65_536, ...limits, shared: true }),
  });
  assembly.Module = new Proxy(Module, { construct: (Made, [source]: [Source]) => new Made(shared(source)) });
  assembly.instantiate = (source, imports) =>
    instantiate(source instanceof Module ? source : shared(source as Source), imports);
}
