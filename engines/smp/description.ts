import type { PhysicalAddress } from "../machine/address.ts";
import { GROWING_WITHDRAWS, GrowingDoorbells, HEAP_NODES } from "../channels/growing-doorbells.ts";
import type { Configuration, Engine, EngineDescription, EngineReport, Options, Platform } from "../engine.ts";
import type { LockName } from "../locks/kinds.ts";
import { optionValue } from "../options.ts";
import { reportGuest } from "../report/guest.ts";
import { reportHeap } from "../report/heap.ts";
import { reportLock } from "../report/locks.ts";
import { LOCK_NODE_SHARING, LOCK_SHARING, QUEUE_SHARING, sharedWords, VCPU_SHARING, VM_SHARING } from "../report/sharing.ts";
import { sharedDevices, type SharedDevices } from "../report/shared-devices.ts";
import { reportNetwork } from "../report/network.ts";
import type { Networking } from "../placement/devices.ts";
import { NIC_OPTION, RESTART_OPTION, restartsOf } from "../uniprocessor/description.ts";
import { StateView } from "../report/state-view.ts";
import { CREDIT_WITHDRAWS, CreditScheduler, sampledEvery } from "../scheduler/credit.ts";
import { QUEUE } from "../scheduler/queue.ts";
import type { Granularity } from "../locks/exclusion.ts";
import { Smp } from "./hypervisor.ts";
import { GROWING, GROWING_WORDS } from "./growing.ts";
import { idleHartsWords } from "./idle-harts.ts";
import { smpInvariants } from "./invariants.ts";
import { CAPACITY, deviceLock, LOCK_AT, queueLock, queueOf, segmentLock, vmAt } from "./layout.ts";

const OPTIONS = {
  nic: NIC_OPTION,
  restart: RESTART_OPTION,
  scheduler: {
    values: ["budget", "credit"],
    default: "budget",
    summary: "a budget per period with slack given away, or credits charged by sampling at ticks (as Xen's, to be attacked)",
    withdraws: CREDIT_WITHDRAWS,
  },
  queues: {
    values: ["static", "growing"],
    default: "static",
    summary: "doorbells are bits, or each is queued in memory that is allocated for it (to be attacked)",
    withdraws: GROWING_WITHDRAWS,
  },
  granularity: {
    values: ["fine", "big"],
    default: "fine",
    summary: "a lock for each run queue and each service, or one around every trap",
  },
  lock: {
    values: ["test-and-set", "ticket", "mcs"],
    default: "ticket",
    summary: "how a lock is waited for",
  },
  "lock-timing": {
    values: ["off", "on"],
    default: "off",
    summary: "also measure how long locks are waited for and held: two clock reads more for each",
  },
} as const;

export const smp: EngineDescription = {
  name: "smp",
  summary: "one Type 1 hypervisor over all harts: any vCPU runs anywhere, harts without work pull it",
  mode: "hypervisor",
  options: OPTIONS,
  claims: { memoryIsolation: true, cpuShare: true, privilege: true },
  maximumHarts: CAPACITY.harts,
  maximumVms: CAPACITY.vms,
  entry: "smp/hypervisor.ts",

  create(platform: Platform, configuration: Configuration, options: Options): Engine {
    const restarts = restartsOf(options, configuration);
    return new Smp(platform, configuration, {
      ...(restarts === undefined ? {} : { restarts }),
      granularity: optionValue<Granularity>(OPTIONS.granularity, "granularity", options),
      lock: optionValue<LockName>(OPTIONS.lock, "lock", options),
      lockTiming: optionValue<"on" | "off">(OPTIONS["lock-timing"], "lock-timing", options) === "on",
      nic: optionValue<Networking>(OPTIONS.nic, "nic", options),
      // Given from here, so that who trusts the hypervisor's own does not trust them.
      ...(optionValue<"budget" | "credit">(OPTIONS.scheduler, "scheduler", options) === "credit" ? { scheduler: new CreditScheduler(sampledEvery(configuration.vms)) } : {}),
      ...(grows(options) ? { doorbells: new GrowingDoorbells(GROWING) } : {}),
    });
  },

  inspect(platform: Platform, configuration: Configuration, options: Options): EngineReport {
    const { harts } = platform;
    const view = new StateView(platform.memory);
    const nic = optionValue<Networking>(OPTIONS.nic, "nic", options);
    const devices = sharedDevices(configuration, nic);
    const kind = optionValue<LockName>(OPTIONS.lock, "lock", options);
    const locks = locksOf(harts, optionValue<Granularity>(OPTIONS.granularity, "granularity", options), devices);
    let worldSwitches = 0;
    for (let hart = 0; hart < harts; hart++) worldSwitches += view.number(queueOf(hart), QUEUE.worldSwitches);
    return {
      ...reportNetwork(view, configuration, nic),
      vms: configuration.vms.map((vm, index) => reportGuest(view, vm.name, vmAt(index))),
      tables: [
        { name: "run-queue", base: queueOf(0), bytes: queueOf(harts) - queueOf(0) },
        { name: "virtual-machines", base: vmAt(0), bytes: vmAt(configuration.vms.length) - vmAt(0) },
        { name: "locks", base: LOCK_AT.big, bytes: queueOf(0) - LOCK_AT.big },
      ],
      locks: locks.map(({ name, lock }) => reportLock(view, name, kind, lock)),
      ...(grows(options) ? { heap: reportHeap(view, GROWING, HEAP_NODES) } : {}),
      worldSwitches,
      sharedMutableWords: harts === 1 ? 0 : sharedState(harts, locks.length, configuration) + devices.words + (grows(options) ? GROWING_WORDS : 0),
    };
  },

  invariants(platform: Platform, configuration: Configuration, options: Options): readonly string[] {
    const nic = optionValue<Networking>(OPTIONS.nic, "nic", options);
    const granularity = optionValue<Granularity>(OPTIONS.granularity, "granularity", options);
    const locks = locksOf(platform.harts, granularity, sharedDevices(configuration, nic));
    const left = optionValue<"budget" | "credit">(OPTIONS.scheduler, "scheduler", options) === "credit" ? "credits" : "budget";
    return smpInvariants(platform, configuration, { nic, left, restarts: restartsOf(options, configuration), kind: optionValue<LockName>(OPTIONS.lock, "lock", options) }, locks);
  },
};

const grows = (options: Options): boolean => optionValue<"static" | "growing">(OPTIONS.queues, "queues", options) === "growing";

/** Words that more than one hart reaches; the lock kind and timing may leave some of a lock's unused. */
function sharedState(harts: number, locks: number, { vms }: Configuration): number {
  const vcpus = vms.reduce((sum, vm) => sum + vm.vcpus, 0);
  return idleHartsWords(harts)
    + harts * (sharedWords(QUEUE_SHARING) + sharedWords(LOCK_NODE_SHARING))
    + locks * sharedWords(LOCK_SHARING)
    + vms.length * sharedWords(VM_SHARING)
    + vcpus * sharedWords(VCPU_SHARING);
}

function locksOf(harts: number, granularity: Granularity, { guests, ports }: SharedDevices): readonly { readonly name: string; readonly lock: PhysicalAddress }[] {
  if (granularity === "big") return [{ name: "big", lock: LOCK_AT.big }];
  return [
    { name: "vm-table", lock: LOCK_AT.vmTable },
    { name: "channels", lock: LOCK_AT.channels },
    { name: "console", lock: LOCK_AT.console },
    ...Array.from({ length: harts }, (_, hart) => ({ name: `run-queue[${hart}]`, lock: queueLock(hart) })),
    ...guests.map((guest) => ({ name: `devices[${guest}]`, lock: deviceLock(guest) })),
    ...ports.map((port) => ({ name: `segment[${port}]`, lock: segmentLock(port) })),
  ];
}
