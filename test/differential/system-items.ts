// CSRs, traps and returns from them.

import { decode } from "../../engines/machine/instructions/decode.ts";
import { Label } from "./assembler.ts";
import { LINK, type Choice } from "./choice.ts";
import { encodeCsr, type CsrMnemonic } from "./encode.ts";
import { item, literal, simple, type Item } from "./item.ts";
import { nowhere } from "./memory-items.ts";
import { CSR } from "./program.ts";

/** CSRs whose every bit the specification defines for all of sscratch, sepc, stval; bits of sstatus that are there. */
export function csr(choice: Choice): Item {
  const random = choice.random;
  const rd = choice.target();
  const mnemonic = random.pick(["csrrw", "csrrs", "csrrc", "csrrwi", "csrrsi", "csrrci"] as const);
  const source = choice.any();
  switch (random.between(0, 6)) {
    case 0: case 1: case 2: {
      const number = random.pick([CSR.sscratch, CSR.sepc, CSR.stval]);
      if (number === CSR.sepc) {
        // QEMU 7.2 keeps bit 0 of sepc, which the specification has read-only zero: leave it zero.
        const register = choice.fresh();
        return simple(`${mnemonic} sepc`, (code) => {
          code.op("andi", { rd: register, rs1: register, immediate: -2 });
          code.raw(4, encodeCsr(mnemonic, rd, number, mnemonic.endsWith("i") ? source & ~1 : register));
        });
      }
      return simple(`${mnemonic} ${number.toString(16)}`, (code) => code.raw(4, encodeCsr(mnemonic, rd, number, source)));
    }
    case 3: {
      const register = choice.fresh();
      const values = random.bits() & 0xc_0122;
      const form: CsrMnemonic = random.pick(["csrrw", "csrrs", "csrrc"]);
      return simple(`${form} sstatus`, (code) => {
        code.constant(register, values);
        code.raw(4, encodeCsr(form, rd, CSR.sstatus, register));
      });
    }
    case 4: {
      const number = random.pick([CSR.scause, CSR.sip, CSR.scounteren]);
      const form: CsrMnemonic = random.pick(["csrrwi", "csrrsi", "csrrci"]);
      const bits = number === CSR.sip ? source & 2 : number === CSR.scounteren ? source & 7 : source & 15;
      return simple(`${form} ${number.toString(16)}`, (code) => code.raw(4, encodeCsr(form, rd, number, bits)));
    }
    case 5: {
      // A counter's value is nobody's business: only that it can be read.
      const number = random.pick([0xc00, 0xc01, 0xc02]);
      return simple("counter", (code) => {
        code.raw(4, encodeCsr("csrrs", rd, number, 0));
        code.op("sub", { rd, rs1: rd, rs2: rd });
      });
    }
    default: {
      const register = choice.fresh();
      return simple("swap stvec", (code) => {
        code.raw(4, encodeCsr("csrrwi", register, CSR.stvec, 8));
        code.raw(4, encodeCsr("csrrw", register, CSR.stvec, register));
      });
    }
  }
}

/** sret to what follows. */
export function returnFromTrap(choice: Choice): Item {
  const register = choice.fresh();
  const status = choice.random.pick([0x100, 0x120, 0x122, 0x102]);
  return item("sret", 0, [], (code) => {
    const after = new Label();
    code.addressOf(register, after);
    code.raw(4, encodeCsr("csrrw", 0, CSR.sepc, register));
    code.constant(register, status);
    code.raw(4, encodeCsr("csrrw", 0, CSR.sstatus, register));
    code.op("sret");
    code.bind(after);
  });
}

/** An instruction that is not one here. */
export function illegal(choice: Choice): Item {
  const random = choice.random;
  if (random.chance(1, 3)) {
    const number = random.pick([0x300, 0x305, 0x341, 0x7c0, 0x5c0, 0x800, 0xf11, 0x600, 0x200, 0x001, 0xb00]);
    const word = encodeCsr(random.pick(["csrrw", "csrrs", "csrrci"]), choice.target(), number, choice.any());
    return simple(`csr ${number.toString(16)}`, (code) => code.raw(4, word));
  }
  if (random.chance(1, 4)) {
    // Read-only: cycle, time, instret. An access that writes is illegal whatever the value.
    const word = encodeCsr("csrrw", choice.target(), random.pick([0xc00, 0xc01, 0xc02]), choice.any());
    return simple("write a counter", (code) => code.raw(4, word));
  }
  if (random.chance(1, 6)) {
    const mnemonic = random.pick(["mret", "hfence.vvma", "hfence.gvma", "hypervisor-access"] as const);
    return simple(mnemonic, (code) => code.op(mnemonic));
  }
  for (;;) {
    const long = random.chance(1, 2);
    const word = long ? random.bits() | 3 : random.bits() & 0xffff;
    if ((!long && (word & 3) === 3) || decode(word) !== null) continue;
    return simple(`illegal ${(word >>> 0).toString(16)}`, (code) => code.raw(long ? 4 : 2, word));
  }
}

export function breakpoint(choice: Choice): Item {
  const compressed = choice.random.chance(1, 2);
  return simple(compressed ? "c.ebreak" : "ebreak", (code) => {
    if (compressed) code.raw(2, 0x9002);
    else code.op("ebreak");
  });
}

/** An SBI call to an extension that nobody has. */
export function unknownCall(): Item {
  return simple("ecall", (code) => {
    code.constant(17, 0x0999_0000);
    code.op("ecall");
  });
}

/** A jump to where there is nothing. */
export function fetchFault(choice: Choice): Item {
  const pointer = choice.fresh(LINK);
  const address = nowhere(choice);
  return simple(`jump to ${address.toString(16)}`, (code) => {
    literal(code, pointer, address);
    code.op("jalr", { rd: LINK, rs1: pointer });
  });
}
