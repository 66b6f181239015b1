// `npm run bench:anchors`: the figures this project promises, measured side by side in one run.

import { ENGINES } from "../../engines/engines.ts";
import { formatFigure, formatNanoseconds } from "../report/table.ts";
import { readEnvironment } from "../results/environment.ts";
import { hostWarnings } from "../noise/noise.ts";
import { coldStart } from "./cold-start.ts";
import { compareSpeed } from "./emulation-speed.ts";
import { exitRoundTrip, mmioExit, secondHart, worldSwitch } from "./exits.ts";
import { forwardingRate } from "./forward.ts";
import { bytesPerHart } from "./model-memory.ts";
import { computeSpeeds, trapSpeeds } from "./model-speed.ts";
import { comparePaging } from "./paging.ts";
import { QEMU, qemuVersion } from "./qemu.ts";
import { verdict } from "./ratios.ts";
import { hasUBoot, promptTime } from "./u-boot.ts";

const environment = readEnvironment(new Date(), []);
for (const warning of hostWarnings(environment.state, environment.cores, 2)) process.stderr.write(`${warning}\n`);

const ENGINE = "uniprocessor";
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

say(`cold start: ${(await coldStart()).toFixed(0)} ms from the process to the first guest instruction`);

for (const engine of Object.values(ENGINES)) {
  say(hasUBoot()
    ? `U-Boot: ${(await promptTime(engine.name)).toFixed(0)} ms from the process to its prompt, a key ending its countdown (${engine.name})`
    : `U-Boot on ${engine.name}: skipped, it is not installed (Debian: u-boot-qemu)`);
}

const exit = await exitRoundTrip(ENGINE);
say(`exit round trip: ${formatNanoseconds(exit.nanoseconds)} a call (${ENGINE}, one hart)${exit.timedMedian === undefined ? "" : `; ${formatNanoseconds(exit.timedMedian)} at the median with two clock reads of the guest around each`}`);

for (const engine of ["uniprocessor", "smp"] as const) {
  const store = await mmioExit(engine);
  say(`emulated virtio exit: ${formatNanoseconds(store.nanoseconds)} a store to a device's register (${engine}, one hart)${store.timedMedian === undefined ? "" : `; ${formatNanoseconds(store.timedMedian)} at the median with two clock reads of the guest around each`}`);
}

const change = await worldSwitch(ENGINE);
say(`world switch: ${formatNanoseconds(change.nanoseconds)} a switch between two guests on one hart that only yield (${ENGINE}, ${change.switchesPerCall.toFixed(2)} switches a yield)`);

for (const engine of ["per-core", "smp", "microscheduler"] as const) {
  const { one, two } = await secondHart(engine, "compute-hash");
  say(`two harts: ${(two / one).toFixed(2)} times the compute throughput of one (${engine}: ${formatFigure(one)} and ${formatFigure(two)} units/s)`);
}

const router = await forwardingRate(ENGINE);
say(`forward: ${formatFigure(router.median)} packets/s of 64 bytes through 1,000 rules, ports passed through (${ENGINE}, one hart; best window ${formatFigure(router.best)}), ${(100 * router.deviceShare).toFixed(0)} % of the time in models of devices${router.latency === undefined ? "" : `; at half of it ${formatNanoseconds(router.latency.p50)} at the median, ${formatNanoseconds(router.latency.p99)} at the 99th percentile`}`);

say("\nmodel clock: guest instructions per microsecond of one thread's CPU time");
trapSpeeds(({ workload, parameters, engine, harts, instructions, hartCycles }) => {
  const settings = Object.entries(parameters).map(([name, value]) => ` ${name}=${value}`).join("");
  say(`  ${`${workload}${settings} on ${engine}, ${harts} harts`.padEnd(38)} ${formatFigure(instructions).padStart(8)}  cycles of all harts ${formatFigure(hartCycles).padStart(8)}`);
});
const compute = await computeSpeeds("compute-hash", "per-core");
say(`  compute-hash: ${formatFigure(compute.one)} at one hart, ${formatFigure(compute.most)} at 128; on the wall clock ${formatFigure(compute.wall)} at one: ${(compute.wall / compute.one).toFixed(2)} and ${(compute.wall / compute.most).toFixed(2)} times as fast`);
say(`  memory: ${(bytesPerHart() / 1024).toFixed(0)} KiB for each hart and its guest (per-core, hypercall-base)`);

say(`\npaging: instructions per microsecond with Bare addresses and under page tables (${ENGINE}, best windows)`);
const paging = await comparePaging(ENGINE, ({ kernel, bare, paged, ratio }) => {
  say(`  ${kernel.padEnd(16)} ${formatFigure(bare).padStart(8)}  paged ${formatFigure(paged).padStart(8)}  ratio ${ratio.toFixed(2)}`);
});
say(verdict(paging));

const version = await qemuVersion();
if (version === undefined) {
  say(`emulation speed: skipped, ${QEMU} is not installed (Debian: qemu-system-misc)`);
} else {
  say(`\nemulation speed: units/s on our machine (${ENGINE}, isolated and counted) against ${version}`);
  const rows = await compareSpeed(({ kernel, machine, qemu, ratio }) => {
    say(`  ${kernel.padEnd(16)} ${formatFigure(machine).padStart(8)}  QEMU ${formatFigure(qemu).padStart(8)}  ratio ${ratio.toFixed(2)}`);
  });
  say(verdict(rows));
}
