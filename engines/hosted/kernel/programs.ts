// Programs in user mode, as the kernel runs them: a burst begins where a thread comes back from a system call and ends with
// its next one that does not return at once. No interrupt is taken within one.

import { physical, type PhysicalAddress } from "../../machine/address.ts";
import { CONTEXT, type Hart } from "../../machine/hart/hart.ts";
import { CAUSE } from "../../machine/hart/privileged.ts";
import { UserFault } from "../../machine/hart/user-memory.ts";
import type { UserMode } from "../../machine/hart/user-mode.ts";
import { A0, A1, A2, A7 } from "../../sbi/numbers.ts";
import { field } from "../../state/words.ts";
import { PROCESS, THREAD } from "../layout.ts";
import type { Network } from "../vmm/network.ts";
import type { Program } from "../vmm/program.ts";

/** Serves a system call that returns at once. Answers what goes to a0. */
export type Serve = (hart: Hart, number: number, first: number, second: number) => number;

/** What a program does between two system calls that do not return at once. */
export type Burst = (program: Program, network: Network | undefined) => void;

export class Programs {
  readonly #serve: Serve;
  /** By hart. */
  readonly #running: RunningProgram[] = [];

  constructor(harts: number, serve: Serve) {
    this.#serve = serve;
    for (let hart = 0; hart < harts; hart++) this.#running.push(new RunningProgram());
  }

  /** Runs a burst of a thread; `network`: what its VMM emulates. Answers the number of the call that ended it; its arguments are in the thread's registers. */
  run(hart: Hart, thread: PhysicalAddress, process: PhysicalAddress, space: number, burst: Burst, network: Network | undefined): number {
    const program = this.#running[hart.id];
    const registers = field(thread, THREAD.registers);
    program.prepare(hart, registers, this.#serve);
    hart.setUserSpace(field(process, PROCESS.space), space);
    hart.enterUser(registers);
    try {
      burst(program, network);
      program.finish();
    } catch (error) {
      if (!(error instanceof UserFault)) throw error;
      hart.leaveUser(registers, error.trap, error.address);
      return FAULTED;
    }
    hart.leaveUser(registers, CAUSE.userCall, 0);
    return hart.xLow(A7);
  }
}

/** The burst ended with a page fault: sepc and stval are the program's. */
export const FAULTED = -1;

/** Registers of a thread in the kernel. */
export function registerAt(thread: PhysicalAddress, register: number): PhysicalAddress {
  return physical(thread + THREAD.registers + CONTEXT.x + 8 * register);
}

class RunningProgram implements Program {
  #hart!: Hart;
  #user!: UserMode;
  #registers!: PhysicalAddress;
  #serve!: Serve;
  #last = 0;
  #argument = 0;

  prepare(hart: Hart, registers: PhysicalAddress, serve: Serve): void {
    this.#hart = hart;
    this.#user = hart.user;
    this.#registers = registers;
    this.#serve = serve;
  }

  get memory(): UserMode["memory"] {
    return this.#user.memory;
  }

  register(n: number): number {
    return this.#user.xLow(n);
  }

  call(number: number, first: number, second: number, third?: number): number {
    this.#set(number, first, second);
    if (third !== undefined) this.#user.setX(A2, third);
    const hart = this.#hart;
    const registers = this.#registers;
    hart.leaveUser(registers, CAUSE.userCall, 0);
    const answer = this.#serve(hart, hart.xLow(A7), hart.xLow(A0), hart.xLow(A1));
    hart.memory.store(physical(registers + CONTEXT.x + 8 * A0), answer);
    hart.enterUser(registers);
    return this.#user.xLow(A0);
  }

  last(number: number, first: number): void {
    this.#last = number;
    this.#argument = first;
  }

  /** The burst ends: what it makes now is its last call. */
  finish(): void {
    this.#set(this.#last, this.#argument, 0);
  }

  #set(number: number, first: number, second: number): void {
    this.#user.setX(A7, number);
    this.#user.setX(A0, first);
    this.#user.setX(A1, second);
  }
}

