// The VMM: a program that runs as a process for each virtual machine, with a thread for each vCPU and, where it has to
// be told things, one more. It has no state but that in its process's memory; `network` is what it emulates of network devices.

import { INTERRUPT } from "../../machine/hart/privileged.ts";
import { A0, A1 } from "../../sbi/numbers.ts";
import { field } from "../../state/words.ts";
import { REASON, RUN } from "../run.ts";
import { CALL } from "../system-calls.ts";
import { serveCall } from "./calls.ts";
import { serveAccess, serveSources } from "./devices.ts";
import { VMM } from "./layout.ts";
import type { Network } from "./network.ts";
import { addressIn, type Program, REGISTER } from "./program.ts";

/** The thread of a vCPU comes back from `run`: its guest has left. */
export function guestLeft(program: Program, network: Network | undefined): void {
  const run = addressIn(program, REGISTER.run);
  program.last(CALL.run, 0);
  if (program.memory.load(field(run, RUN.reason)) === REASON.call) serveCall(program, run);
  else serveAccess(program, run, network);
}

/** The service thread comes back from `wait`. */
export function told(program: Program, network: Network | undefined): void {
  const rung = program.register(A0);
  const sources = program.register(A1);
  program.last(CALL.wait, 0);
  if (rung !== 0) {
    program.memory.or(field(addressIn(program, REGISTER.process), VMM.rung), rung);
    program.call(CALL.raise, 0, INTERRUPT.VSSI);
  }
  if (sources !== 0) serveSources(program, sources, network);
}
