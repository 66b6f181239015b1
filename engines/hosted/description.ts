import type { PhysicalAddress } from "../machine/address.ts";
import type { Configuration, Engine, EngineDescription, EngineReport, Options, Platform } from "../engine.ts";
import type { LockName } from "../locks/kinds.ts";
import { optionValue } from "../options.ts";
import type { Networking } from "../placement/devices.ts";
import { reportGuest } from "../report/guest.ts";
import { reportLock } from "../report/locks.ts";
import { reportNetwork } from "../report/network.ts";
import { sharedDevices, type SharedDevices } from "../report/shared-devices.ts";
import { LOCK_NODE_SHARING, LOCK_SHARING, QUEUE_SHARING, sharedWords, VCPU_SHARING, VM_SHARING } from "../report/sharing.ts";
import { StateView } from "../report/state-view.ts";
import { QUEUE } from "../scheduler/queue.ts";
import { idleHartsWords } from "../smp/idle-harts.ts";
import { deviceLock, LOCK_AT, queueLock, queueOf, segmentLock, vmAt } from "../smp/layout.ts";
import { NIC_OPTION } from "../uniprocessor/description.ts";
import { Host } from "./host.ts";
import { type HostProgram, LOAD } from "./kernel/host-programs.ts";
import { hostedInvariants } from "./invariants.ts";
import type { Split } from "./kernel/devices.ts";
import { CAPACITY, HostedLayout } from "./layout.ts";

const OPTIONS = {
  split: {
    values: ["kernel", "user"],
    default: "kernel",
    summary: "channels, interrupt controllers and network devices in the kernel (as vhost), or in the VMM",
  },
  nic: NIC_OPTION,
  "host-load": {
    values: ["0", "1", "2", "4"],
    default: "0",
    summary: "processes of the host's own beside the VMMs, each computing all the time, as heavy as a vCPU",
  },
  lock: {
    values: ["test-and-set", "ticket", "mcs"],
    default: "ticket",
    summary: "how a lock of the kernel's is waited for",
  },
} as const;

export const hosted: EngineDescription = {
  name: "hosted",
  summary: "Type 2: a host kernel that schedules processes, and a VMM process for each guest",
  mode: "hypervisor",
  options: OPTIONS,
  // A fair share is of what there is: it promises nobody a part of a period.
  claims: { memoryIsolation: true, cpuShare: false, privilege: true },
  maximumHarts: CAPACITY.harts,
  maximumVms: CAPACITY.vms,
  entry: "hosted/host.ts",

  create(platform: Platform, configuration: Configuration, options: Options): Engine {
    return new Host(platform, configuration, {
      split: optionValue<Split>(OPTIONS.split, "split", options),
      nic: optionValue<Networking>(OPTIONS.nic, "nic", options),
      lock: optionValue<LockName>(OPTIONS.lock, "lock", options),
      programs: programsOf(configuration, options),
    });
  },

  inspect(platform: Platform, configuration: Configuration, options: Options): EngineReport {
    const { harts } = platform;
    const view = new StateView(platform.memory);
    const nic = optionValue<Networking>(OPTIONS.nic, "nic", options);
    const devices = sharedDevices(configuration, nic);
    const kind = optionValue<LockName>(OPTIONS.lock, "lock", options);
    const locks = locksOf(harts, devices);
    const programs = programsOf(configuration, options);
    const layout = new HostedLayout(configuration, programs.length);
    let worldSwitches = 0;
    for (let hart = 0; hart < harts; hart++) worldSwitches += view.number(queueOf(hart), QUEUE.worldSwitches);
    return {
      ...reportNetwork(view, configuration, nic),
      vms: configuration.vms.map((vm, index) => reportGuest(view, vm.name, vmAt(index))),
      tables: [
        { name: "run-queue", base: queueOf(0), bytes: queueOf(harts) - queueOf(0) },
        { name: "virtual-machines", base: vmAt(0), bytes: vmAt(configuration.vms.length) - vmAt(0) },
        { name: "locks", base: LOCK_AT.big, bytes: queueOf(0) - LOCK_AT.big },
        { name: "vmms", base: layout.vmm(0), bytes: layout.program(0) - layout.vmm(0) },
      ],
      locks: locks.map(({ name, lock }) => reportLock(view, name, kind, lock)),
      processes: programs.map(({ name }, index) => ({ ...reportGuest(view, `${name}-${index}`, vmAt(configuration.vms.length + index)) })),
      worldSwitches,
      sharedMutableWords: harts === 1 ? 0 : sharedState(harts, locks.length, configuration) + devices.words,
    };
  },

  invariants(platform: Platform, configuration: Configuration, options: Options): readonly string[] {
    const nic = optionValue<Networking>(OPTIONS.nic, "nic", options);
    const kind = optionValue<LockName>(OPTIONS.lock, "lock", options);
    const split = optionValue<Split>(OPTIONS.split, "split", options);
    return hostedInvariants(platform, configuration, { nic, kind, split, processes: programsOf(configuration, options).length }, locksOf(platform.harts, sharedDevices(configuration, nic)));
  },
};

/** What runs on the host beside the VMMs. */
function programsOf({ processes = [] }: Configuration, options: Options): readonly HostProgram[] {
  const load = Number(optionValue<string>(OPTIONS["host-load"], "host-load", options));
  return [...Array.from({ length: load }, () => LOAD), ...processes];
}

/** Words that more than one hart reaches, but what the VMMs share among their threads. */
function sharedState(harts: number, locks: number, { vms }: Configuration): number {
  const vcpus = vms.reduce((sum, vm) => sum + vm.vcpus, 0);
  return idleHartsWords(harts)
    + harts * (sharedWords(QUEUE_SHARING) + sharedWords(LOCK_NODE_SHARING))
    + locks * sharedWords(LOCK_SHARING)
    + vms.length * sharedWords(VM_SHARING)
    + vcpus * sharedWords(VCPU_SHARING);
}

function locksOf(harts: number, { guests, ports }: SharedDevices): readonly { readonly name: string; readonly lock: PhysicalAddress }[] {
  return [
    { name: "vm-table", lock: LOCK_AT.vmTable },
    { name: "channels", lock: LOCK_AT.channels },
    { name: "console", lock: LOCK_AT.console },
    ...Array.from({ length: harts }, (_, hart) => ({ name: `run-queue[${hart}]`, lock: queueLock(hart) })),
    ...guests.map((guest) => ({ name: `devices[${guest}]`, lock: deviceLock(guest) })),
    ...ports.map((port) => ({ name: `segment[${port}]`, lock: segmentLock(port) })),
  ];
}
