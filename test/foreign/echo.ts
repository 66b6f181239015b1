// A guest of a few instructions that writes what it reads, by the SBI's legacy calls, and shuts down after a q.

import { Assembler, Label } from "../differential/assembler.ts";

const A0 = 10;
const A7 = 17;
const T0 = 5;
const S0 = 8;
const GET_CHARACTER = 2;
const PUT_CHARACTER = 1;
const SHUTDOWN = 8;
const LINUX_HEADER_BYTES = 64;

/** It runs wherever it is put. */
export function echo(): Uint8Array {
  const code = new Assembler(0);
  const again = new Label();
  code.bind(again);
  code.op("addi", { rd: A7, immediate: GET_CHARACTER });
  code.op("ecall");
  code.to(again, "blt", { rs1: A0, rs2: 0 });
  code.op("addi", { rd: S0, rs1: A0 });
  code.op("addi", { rd: A7, immediate: PUT_CHARACTER });
  code.op("ecall");
  code.op("addi", { rd: T0, immediate: "q".charCodeAt(0) });
  code.to(again, "bne", { rs1: S0, rs2: T0 });
  code.op("addi", { rd: A7, immediate: SHUTDOWN });
  code.op("ecall");
  return code.finish();
}

/** The same behind the header of a Linux Image, whose first instruction goes to it. */
export function echoAsLinuxImage(): Uint8Array {
  const header = new Assembler(0);
  const behind = new Label();
  header.to(behind, "jal");
  behind.address = LINUX_HEADER_BYTES;
  const program = echo();
  const image = new Uint8Array(LINUX_HEADER_BYTES + program.length);
  image.set(header.finish());
  const view = new DataView(image.buffer);
  view.setBigUint64(8, 0x20_0000n, true);
  view.setBigUint64(16, 0x1_0000n, true);
  image.set(Buffer.from("RSC\x05"), 56);
  image.set(program, LINUX_HEADER_BYTES);
  return image;
}
