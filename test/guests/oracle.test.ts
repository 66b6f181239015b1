// Every workload's guests against QEMU: their own lines must say what the catalogue says. Those with
// network ports are in network.test.ts.

import { expect, test } from "vitest";
import { CATALOGUE } from "../../workloads/catalogue.ts";
import type { Workload } from "../../workloads/workload.ts";
import { needQemu, needQemuAndCompiler } from "./need.ts";
import { runOnOracle } from "./oracle.ts";

/** More than one, so that a generator whose state survived a unit would show. */
const UNITS = 3;
/** Enough that the two ends of a channel find each other awake and asleep in every order. */
const CHANNEL_UNITS = 1000;

const isChannel = (workload: Workload): boolean => workload.name.startsWith("channel-");

test.for(CATALOGUE.filter(({ unitDigest }) => unitDigest !== 0n))("$name has the catalogue's digest under QEMU", async (workload, context) => {
  if (workload.standardInterface) needQemu(context);
  else needQemuAndCompiler(context);
  const units = isChannel(workload) ? CHANNEL_UNITS : UNITS;
  const results = await runOnOracle(workload, units);
  expect(results).toHaveLength(isChannel(workload) ? 2 : 1);
  for (const result of results) {
    expect(result).toMatchObject({ workload: workload.name, units, digest: sumOf(units, workload.unitDigest) });
  }
});

function sumOf(units: number, digest: bigint): string {
  return `0x${BigInt.asUintN(64, BigInt(units) * digest).toString(16).padStart(16, "0")}`;
}
