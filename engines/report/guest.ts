// What a virtual machine's records say of it.

import { cycles, physical, type PhysicalAddress } from "../machine/address.ts";
import { CONTEXT } from "../machine/hart/context.ts";
import type { VmReport } from "../engine.ts";
import { RESET_SHUTDOWN } from "../sbi/numbers.ts";
import { VCPU, VCPU_BYTES } from "../vcpu/record.ts";
import { VM, VM_STATE } from "../virtual-machine/record.ts";
import type { StateView } from "./state-view.ts";

const RESET_NAMES = ["shut down", "asked for a cold reboot", "asked for a warm reboot"] as const;
const INTERRUPT = 0x100;

export function reportGuest(view: StateView, name: string, vm: PhysicalAddress): VmReport {
  const state = view.word(vm, VM.state);
  let cpuTime = 0;
  const vcpus = view.address(vm, VM.vcpus);
  for (let number = 0; number < view.word(vm, VM.vcpuCount); number++) {
    cpuTime += view.number(physical(vcpus + number * VCPU_BYTES), VCPU.cpuTime);
  }
  const report = {
    name,
    unitsPage: physical(view.number(vm, VM.unitsPage)),
    memory: physical(view.number(vm, VM.ram)),
    cpuTime: cycles(cpuTime),
    ...restartsOf(view, vm),
  };
  const cause = view.word(vm, VM.cause);
  switch (state) {
    case VM_STATE.finished: return { ...report, state: "finished", reboot: cause !== RESET_SHUTDOWN, reason: `it ${RESET_NAMES[cause] ?? `ended with reset type ${cause}`}` };
    case VM_STATE.failed: return { ...report, state: "failed", reason: failure(view, vm, cause) };
    case VM_STATE.restored: return { ...report, state: "failed", reason: "it is about to be started again" };
    default: return { ...report, state: "running" };
  }
}

function restartsOf(view: StateView, vm: PhysicalAddress): Pick<VmReport, "restarts"> {
  const count = view.word(vm, VM.restarts);
  if (count === 0) return {};
  return { restarts: { count, failedAt: cycles(view.number(vm, VM.failedAt)), restartedAt: cycles(view.number(vm, VM.restartedAt)) } };
}

function failure(view: StateView, vm: PhysicalAddress, cause: number): string {
  const vcpu = view.address(vm, VM.failed);
  const what = (cause & INTERRUPT) === 0 ? `exception ${cause}` : `interrupt ${cause & ~INTERRUPT}`;
  const registers = Array.from({ length: 31 }, (_, index) =>
    `x${index + 1} ${hex(view.integer64(vcpu, VCPU.context + CONTEXT.x + 8 * (index + 1)))}`);
  return `vCPU ${view.word(vcpu, VCPU.number)}: ${what} at pc ${hex(view.integer64(vm, VM.pc))} with value ${hex(view.integer64(vm, VM.value))}; ${registers.join(" ")}`;
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
