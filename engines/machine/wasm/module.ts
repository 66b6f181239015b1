// A WebAssembly module from its parts (Core Specification, section 5.5).

import { Code } from "./code.ts";
import type { ValueType } from "./opcodes.ts";

export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

export interface ModuleParts {
  readonly types: readonly FunctionType[];
  /** Imported functions from module "m", numbered first. */
  readonly imports: readonly { readonly name: string; readonly type: number }[];
  /** Types of the immutable globals "0", "1" and so on that are imported from module "m". */
  readonly globals?: readonly ValueType[];
  /** Pages of the shared memory "m"."memory" that is imported with the table "m"."table"; absent: neither. */
  readonly memoryPages?: number;
  readonly functions: readonly {
    readonly type: number;
    readonly locals: readonly { readonly type: ValueType; readonly count: number }[];
    readonly body: Uint8Array;
    /** Offsets in the body of branches rarely taken. */
    readonly unlikely?: readonly number[];
    readonly exportName?: string;
  }[];
}

const SECTION = { custom: 0, type: 1, import: 2, function: 3, export: 7, code: 10 } as const;
const FUNCREF = 0x70;
const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00] as const;

export function encodeModule(parts: ModuleParts): Uint8Array<ArrayBuffer> {
  const out = new Code();
  for (const byte of HEADER) out.byte(byte);

  section(out, SECTION.type, (code) => {
    code.unsigned(parts.types.length);
    for (const type of parts.types) {
      code.byte(0x60);
      list(code, type.parameters);
      list(code, type.results);
    }
  });

  section(out, SECTION.import, (code) => {
    const { memoryPages, globals = [] } = parts;
    code.unsigned(parts.imports.length + globals.length + (memoryPages === undefined ? 0 : 2));
    if (memoryPages !== undefined) {
      importName(code, "memory");
      code.byte(0x02);
      code.byte(0x03); // shared, with a maximum
      code.unsigned(memoryPages);
      code.unsigned(memoryPages);
      importName(code, "table");
      code.byte(0x01);
      code.byte(FUNCREF);
      code.byte(0x00);
      code.unsigned(1);
    }
    for (const entry of parts.imports) {
      importName(code, entry.name);
      code.byte(0x00);
      code.unsigned(entry.type);
    }
    globals.forEach((type, index) => {
      importName(code, String(index));
      code.byte(0x03);
      code.byte(type);
      code.byte(0x00);
    });
  });

  section(out, SECTION.function, (code) => {
    code.unsigned(parts.functions.length);
    for (const entry of parts.functions) code.unsigned(entry.type);
  });

  section(out, SECTION.export, (code) => {
    const exported = parts.functions.filter((entry) => entry.exportName !== undefined);
    code.unsigned(exported.length);
    parts.functions.forEach((entry, index) => {
      if (entry.exportName === undefined) return;
      name(code, entry.exportName);
      code.byte(0x00);
      code.unsigned(parts.imports.length + index);
    });
  });

  const localsOf = parts.functions.map((entry) => {
    const locals = new Code();
    locals.unsigned(entry.locals.length);
    for (const { type, count } of entry.locals) {
      locals.unsigned(count);
      locals.byte(type);
    }
    return locals.bytes();
  });

  // Branch hinting proposal: a custom section before the code section; offsets count from the locals on.
  section(out, SECTION.custom, (code) => {
    name(code, "metadata.code.branch_hint");
    code.unsigned(parts.functions.length);
    parts.functions.forEach((entry, index) => {
      const offsets = entry.unlikely ?? [];
      code.unsigned(parts.imports.length + index);
      code.unsigned(offsets.length);
      for (const offset of offsets) {
        code.unsigned(localsOf[index].length + offset);
        code.unsigned(1);
        code.byte(0);
      }
    });
  });

  section(out, SECTION.code, (code) => {
    code.unsigned(parts.functions.length);
    parts.functions.forEach((entry, index) => {
      code.unsigned(localsOf[index].length + entry.body.length);
      append(code, localsOf[index]);
      append(code, entry.body);
    });
  });
  return out.bytes().slice();
}

function section(out: Code, id: number, fill: (code: Code) => void): void {
  const content = new Code();
  fill(content);
  out.byte(id);
  out.unsigned(content.bytes().length);
  append(out, content.bytes());
}

function append(code: Code, bytes: Uint8Array): void {
  for (const byte of bytes) code.byte(byte);
}

function list(code: Code, bytes: readonly number[]): void {
  code.unsigned(bytes.length);
  for (const byte of bytes) code.byte(byte);
}

function name(code: Code, text: string): void {
  list(code, [...Buffer.from(text)]);
}

function importName(code: Code, text: string): void {
  name(code, "m");
  name(code, text);
}
