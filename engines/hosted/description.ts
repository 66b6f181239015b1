import type { Configuration, Engine, EngineDescription, EngineReport, Options, Platform } from "../engine.ts";
import type { LockName } from "../locks/kinds.ts";
import { optionValue } from "../options.ts";
import type { Networking } from "../placement/devices.ts";
import { reportGuest } from "../report/guest.ts";
import { reportLock } from "../report/locks.ts";
import { reportNetwork } from "../report/network.ts";
import { sharedDevices, type SharedDevices } from "../report/shared-devices.ts";
import { LOCK_NODE_SHARING, LOCK_SHARING, PIPE_SHARING, QUEUE_SHARING, sharedWords, VCPU_SHARING, VM_SHARING } from "../report/sharing.ts";
import { StateView } from "../report/state-view.ts";
import { QUEUE } from "../scheduler/queue.ts";
import { idleHartsWords } from "../smp/idle-harts.ts";
import type { NamedLock } from "../smp/invariants.ts";
import { field } from "../state/words.ts";
import { deviceLock, LOCK_AT, queueLock, queueOf, segmentLock, vmAt } from "../smp/layout.ts";
import { NIC_OPTION } from "../uniprocessor/description.ts";
import { Host } from "./host.ts";
import { type HostProgram, LOAD, passing, pipesOf } from "./kernel/host-programs.ts";
import { PIPE } from "./kernel/pipe-record.ts";
import { hostedInvariants } from "./invariants.ts";
import { hasTaps, type Split } from "./kernel/devices.ts";
import { CAPACITY, HostedLayout } from "./layout.ts";

const OPTIONS = {
  split: {
    values: ["kernel", "user"],
    default: "kernel",
    summary: "channels, interrupt controllers and emulated network devices in the kernel (as vhost), or in the VMM",
  },
  nic: NIC_OPTION,
  "host-load": {
    values: ["0", "1", "2", "4"],
    default: "0",
    summary: "processes of the host's own beside the VMMs, each as heavy as a vCPU",
  },
  "host-kind": {
    values: ["compute", "pipe"],
    default: "compute",
    summary: "what they do: compute all the time, or, in pairs, pass a message back and forth and sleep until it comes",
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
    const programs = programsOf(configuration, options);
    const layout = layoutOf(configuration, options);
    const locks = locksOf(harts, devices, layout, programs);
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
      sharedMutableWords: harts === 1 ? 0 : sharedState(harts, locks.length, configuration) + devices.words + pipesOf(programs) * sharedWords(PIPE_SHARING),
    };
  },

  invariants(platform: Platform, configuration: Configuration, options: Options): readonly string[] {
    const nic = optionValue<Networking>(OPTIONS.nic, "nic", options);
    const kind = optionValue<LockName>(OPTIONS.lock, "lock", options);
    const split = optionValue<Split>(OPTIONS.split, "split", options);
    const programs = programsOf(configuration, options);
    const layout = layoutOf(configuration, options);
    return hostedInvariants(platform, configuration, { nic, kind, split, programs }, layout, locksOf(platform.harts, sharedDevices(configuration, nic), layout, programs));
  },
};

/** What runs on the host beside the VMMs. */
function programsOf({ processes = [] }: Configuration, options: Options): readonly HostProgram[] {
  const load = Number(optionValue<string>(OPTIONS["host-load"], "host-load", options));
  const passes = optionValue<string>(OPTIONS["host-kind"], "host-kind", options) === "pipe";
  return [...Array.from({ length: load }, (_, number) => (passes ? passing(number, load) : LOAD)), ...processes];
}

function layoutOf(configuration: Configuration, options: Options): HostedLayout {
  const programs = programsOf(configuration, options);
  const taps = hasTaps(optionValue<Split>(OPTIONS.split, "split", options), optionValue<Networking>(OPTIONS.nic, "nic", options));
  return new HostedLayout(configuration, programs.length, pipesOf(programs), taps);
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

function locksOf(harts: number, { guests, ports }: SharedDevices, layout: HostedLayout, programs: readonly HostProgram[]): readonly NamedLock[] {
  return [
    { name: "vm-table", lock: LOCK_AT.vmTable },
    { name: "channels", lock: LOCK_AT.channels },
    { name: "console", lock: LOCK_AT.console },
    ...Array.from({ length: harts }, (_, hart) => ({ name: `run-queue[${hart}]`, lock: queueLock(hart) })),
    ...guests.map((guest) => ({ name: `devices[${guest}]`, lock: deviceLock(guest) })),
    ...ports.map((port) => ({ name: `segment[${port}]`, lock: segmentLock(port) })),
    ...Array.from({ length: pipesOf(programs) }, (_, pipe) => ({ name: `pipe[${pipe}]`, lock: field(layout.pipe(pipe), PIPE.lock) })),
  ];
}
