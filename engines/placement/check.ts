// What every engine asks of a configuration.

import { BootError, type Configuration, type VirtualMachine } from "../engine.ts";

export function checkConfiguration(configuration: Configuration, harts: number, maximumHarts: number): void {
  if (harts > maximumHarts) throw new BootError(`${harts} harts: this engine runs on at most ${maximumHarts}`);
  for (const vm of configuration.vms) checkMachine(vm);
}

function checkMachine({ name, vcpus, share }: VirtualMachine): void {
  if (!(vcpus >= 1)) throw new BootError(`${name} has ${vcpus} vCPUs: it needs one at least`);
  if (!(share.budget > 0 && share.budget <= share.period)) {
    throw new BootError(`the share of ${name} is ${share.budget} of every ${share.period} ticks: it must be above 0 and at most all`);
  }
}
