// The part of the WebAssembly JavaScript Interface that the machine uses. TypeScript declares it only together
// with the whole browser (`lib.dom`), whose globals must not look as if they existed here.

declare namespace WebAssembly {
  interface MemoryDescriptor {
    readonly initial: number;
    readonly maximum?: number;
    readonly shared?: boolean;
  }
  class Memory {
    constructor(descriptor: MemoryDescriptor);
    readonly buffer: ArrayBufferLike;
  }

  interface TableDescriptor {
    readonly element: "anyfunc" | "externref";
    readonly initial: number;
    readonly maximum?: number;
  }
  class Table {
    constructor(descriptor: TableDescriptor);
    readonly length: number;
    get(index: number): unknown;
    grow(delta: number): number;
    set(index: number, value: unknown): void;
  }

  interface GlobalDescriptor {
    readonly value: "i32" | "i64" | "f32" | "f64";
    readonly mutable?: boolean;
  }
  class Global {
    constructor(descriptor: GlobalDescriptor, value?: number | bigint);
    value: number | bigint;
  }

  type ImportValue = ((...words: never[]) => unknown) | Memory | Table | Global | number;
  type ExportValue = ((...words: number[]) => number) | Memory | Table | Global;
  type Imports = Readonly<Record<string, Readonly<Record<string, ImportValue>>>>;

  class Module {
    constructor(bytes: Uint8Array);
    private readonly opaque: never;
  }
  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Readonly<Record<string, ExportValue>>;
  }

  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}

  function compile(bytes: Uint8Array): Promise<Module>;
  function validate(bytes: Uint8Array): boolean;
}
