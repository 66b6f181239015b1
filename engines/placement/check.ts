// What every engine asks of a configuration.

import { BootError, type Configuration, type Platform, type VirtualMachine } from "../engine.ts";

export interface Capacity {
  readonly harts: number;
  readonly vms: number;
  readonly vcpus: number;
}

/** Throws BootError where the configuration makes no sense, or exceeds what an engine's tables hold. */
export function checkConfiguration(platform: Platform, configuration: Configuration, capacity: Capacity): void {
  const { vms } = configuration;
  if (platform.harts > capacity.harts) throw new BootError(`${platform.harts} harts: this engine runs on at most ${capacity.harts}`);
  const vcpus = vms.reduce((sum, vm) => sum + vm.vcpus, 0);
  if (vms.length > capacity.vms || vcpus > capacity.vcpus) {
    throw new BootError(`${vms.length} guests with ${vcpus} vCPUs: the tables hold ${capacity.vms} with ${capacity.vcpus}`);
  }
  for (const vm of vms) checkMachine(vm);
}

function checkMachine({ name, vcpus, share }: VirtualMachine): void {
  if (!(vcpus >= 1)) throw new BootError(`${name} has ${vcpus} vCPUs: it needs one at least`);
  if (!(share.budget > 0 && share.budget <= share.period)) {
    throw new BootError(`the share of ${name} is ${share.budget} of every ${share.period} ticks: it must be above 0 and at most all`);
  }
}
