// Host processes: threads beside those of the guests. A process executes in user mode, in an address space of its own; a
// system call, a fault or an interrupt takes it to the kernel. (The machine has user mode for machine code under
// virtualization alone, so its address space is a second stage, and nothing that it raises is delegated.)

import { guestPhysical, ticks, type PhysicalAddress, type Ticks } from "../../machine/address.ts";
import { CSR } from "../../machine/hart/csr-numbers.ts";
import { CONTEXT, type Hart } from "../../machine/hart/hart.ts";
import { CAUSE, HEDELEG, PRIVILEGE } from "../../machine/hart/privileged.ts";
import { writeSecondStage } from "../../machine/hart/second-stage.ts";
import { RAM_BASE, RIGHT } from "../../machine/layout.ts";
import { enterWorld } from "../../hypervisor-mode/world-switch.ts";
import { A0, A7 } from "../../sbi/numbers.ts";
import type { Processors } from "../../smp/processors.ts";
import { field } from "../../state/words.ts";
import { contextOf, machineOf, VCPU, VCPU_STATE } from "../../vcpu/record.ts";
import { recordFailure } from "../../virtual-machine/outcome.ts";
import { VM } from "../../virtual-machine/record.ts";
import { CALL, ERROR } from "../system-calls.ts";
import { HOST_PROGRAM_BYTES, type HostProgram } from "./host-programs.ts";
import type { Pipes } from "./pipes.ts";

const S0 = 8;
const ALL = RIGHT.read | RIGHT.write | RIGHT.execute;

/** Puts a thread on a hart where some are processes: their exceptions are the kernel's, those of guests their own. */
export function enterThread(firstProcess: number): (hart: Hart, thread: PhysicalAddress) => void {
  return (hart, thread) => {
    enterWorld(hart, thread);
    hart.setCsr(CSR.hedeleg, thread >= firstProcess ? 0 : HEDELEG, 0);
  };
}

/** Writes the records of a process, and its program into its memory. `weight`: its part of the CPU beside that of others. */
export function writeHostProcess(
  hart: Hart, { code, argument }: HostProgram, number: number, weight: number, record: PhysicalAddress, thread: PhysicalAddress, at: PhysicalAddress,
): void {
  const { memory } = hart;
  memory.fill(at, 0, HOST_PROGRAM_BYTES);
  for (const [index, word] of code.entries()) memory.store(field(at, 4 * index), word);
  memory.storeNumber(field(record, VM.ram), at);
  memory.storeNumber(field(record, VM.guestRam), RAM_BASE);
  memory.storeNumber(field(record, VM.ramBytes), HOST_PROGRAM_BYTES);
  memory.store(field(record, VM.vcpus), thread);
  memory.store(field(record, VM.vcpuCount), 1);
  memory.store(field(record, VM.number), number);
  writeSecondStage(memory, field(record, VM.secondStage), [{ base: guestPhysical(RAM_BASE), bytes: HOST_PROGRAM_BYTES, physical: at, rights: ALL }]);
  memory.store(field(thread, VCPU.state), VCPU_STATE.ready);
  memory.store(field(thread, VCPU.vm), record);
  memory.storeNumber(field(thread, VCPU.budget), weight);
  memory.storeNumber(field(thread, VCPU.period), 1);
  memory.storeNumber(field(thread, VCPU.timer), Infinity);
  const context = contextOf(thread);
  hart.resetContext(context, RAM_BASE, argument, 0);
  memory.store(field(context, CONTEXT.privilege), PRIVILEGE.user);
  memory.store(field(context, CONTEXT.x + 8 * S0), RAM_BASE | 0);
}

export class HostProcesses {
  readonly #processors: Processors;
  readonly #pipes: Pipes;

  constructor(processors: Processors, pipes: Pipes) {
    this.#processors = processors;
    this.#pipes = pipes;
  }

  /** An exception of the process on this hart. */
  exception(hart: Hart, cause: number): void {
    if (cause === CAUSE.userCall) return this.#call(hart);
    // The end of it, and of it alone.
    recordFailure(hart, this.#processors.current(hart), cause, CSR.sepc, CSR.stval);
    this.#end(hart);
  }

  #call(hart: Hart): void {
    const { memory } = hart;
    const thread = this.#processors.current(hart);
    const call = hart.xLow(A7);
    if (call === CALL.pipeWrite) return this.#pipes.write(hart, thread);
    if (call === CALL.pipeRead) return this.#pipes.read(hart, thread);
    hart.advance();
    switch (call) {
      case CALL.yield:
        setAnswer(hart, 0);
        return this.#processors.reschedule(hart, thread);
      case CALL.sleep: {
        const deadline = hart.time() + hart.xNumber(A0);
        setAnswer(hart, 0);
        memory.storeNumber(field(thread, VCPU.timer), ticks(deadline) satisfies Ticks);
        return this.#processors.suspend(hart);
      }
      case CALL.identity: return setAnswer(hart, memory.load(field(machineOf(memory, thread), VM.number)));
      case CALL.exit: return this.#end(hart);
      // A VMM's alone: it has a machine, and devices of the host's.
      default: return setAnswer(hart, ERROR.notPermitted);
    }
  }

  #end(hart: Hart): void {
    this.#pipes.close(hart);
    this.#processors.stopCurrent(hart);
  }
}

function setAnswer(hart: Hart, value: number): void {
  hart.setX(A0, value, value >> 31);
}

