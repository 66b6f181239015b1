// A unit's module and its instances. One of code that also lies elsewhere takes its address, and the slots of what it
// calls, as imported globals: V8 compiles it once for all places.

import type { Code } from "../wasm/code.ts";
import { encodeModule } from "../wasm/module.ts";
import { I32, I64 } from "../wasm/opcodes.ts";
import type { ValueType } from "../wasm/opcodes.ts";
import { TYPE, TYPES } from "./abi.ts";
import { emitUnit } from "./emit-unit.ts";
import type { Plan } from "./plan.ts";
import type { UnitServices } from "./unit-builder.ts";

const IMPORT = { system: 0, resolve: 1, jump: 2, locate: 3, remember: 4 } as const;

export interface CompiledUnit {
  readonly module: WebAssembly.Module;
  /** Of a placed one: where its calls go, in the order of its globals behind the first, its address. */
  readonly called: readonly number[];
}

/** What a unit works with, other than what compileUnit() itself knows. */
export type Surroundings = Pick<UnitServices, "space" | "spaceField" | "window" | "paging" | "placed">;

/** `slotOf`: slot in the function table of the unit that begins at a pc. */
export function compileUnit(plan: Plan, surroundings: Surroundings, memoryPages: number, slotOf: (pc: number) => number): CompiledUnit {
  const { placed } = surroundings;
  const base = plan.unit.pc;
  const called: number[] = [];
  const globals: ValueType[] = placed ? [I64] : [];
  const { body, unlikely, locals } = emitUnit(plan, {
    ...IMPORT, ...surroundings,
    pushPc(code, pc) {
      if (placed) pushPlaced(code, pc - base);
      else code.i64(pc);
    },
    pushSlot(code, pc) {
      if (!placed) return code.i32(slotOf(pc));
      if (!called.includes(pc)) {
        called.push(pc);
        globals.push(I32);
      }
      code.global(1 + called.indexOf(pc));
    },
  });
  const bytes = encodeModule({
    types: TYPES,
    imports: [
      { name: "system", type: TYPE.service }, { name: "resolve", type: TYPE.resolve }, { name: "jump", type: TYPE.request },
      { name: "locate", type: TYPE.service }, { name: "remember", type: TYPE.remember },
    ],
    globals, memoryPages,
    functions: [{ type: TYPE.unit, exportName: "unit", body, unlikely, locals: locals.declarations() }],
  });
  return { module: new WebAssembly.Module(bytes), called };
}

function pushPlaced(code: Code, within: number): void {
  code.global(0);
  if (within === 0) return;
  code.i64(within);
  code.op("i64.add");
}

/** The unit's function: that of a placed one, where it begins at `pc` and its calls go to `slots`. */
export function instantiateUnit(
  { module, called }: CompiledUnit, imports: Readonly<Record<string, WebAssembly.ImportValue>>, pc: number, slots: readonly number[],
): WebAssembly.ExportValue {
  const globals: Record<string, WebAssembly.Global> = { 0: new WebAssembly.Global({ value: "i64" }, BigInt(pc)) };
  called.forEach((_, index) => { globals[1 + index] = new WebAssembly.Global({ value: "i32" }, slots[index]); });
  return new WebAssembly.Instance(module, { m: { ...imports, ...globals } }).exports["unit"];
}
