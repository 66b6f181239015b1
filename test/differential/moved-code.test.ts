// Code whose page is mapped elsewhere: until the fence either page may be executed, behind it only the new one, whatever
// was translated in between.

import { expect, test, describe } from "vitest";
import { CSR, type Hart } from "../../engines/machine/hart/hart.ts";
import type { Software } from "../../engines/machine/machine.ts";
import { encode } from "./encode.ts";
import { GuestPageTables, LEAF } from "./guest-page-tables.ts";
import { makeMachine, runUntilHalted } from "./machine.ts";
import { enterGuest, guestView, MAPS, patternedMemory, RAM, TABLES } from "./memory-map.ts";

const TIERS = [{ hotThreshold: Infinity, slice: 100_000 }, { hotThreshold: 1, slice: 100_000 }];
const LIMIT = 100_000;
const PAGE = 0x1000;
const VIRTUAL = 0x9000_0000;
const PAGES = [RAM + 0x10_0000, RAM + 0x20_0000 - PAGE];
const PLACES = [0, 0x80, 0x100];
const A0 = 10;
const CODE = LEAF.V | LEAF.R | LEAF.X | LEAF.A;

describe.each(["machine", "hypervisor"] as const)("in a guest of a %s-mode engine", (mode) => {
  test.each(TIERS)("threshold $hotThreshold", (tier) => {
    const map = MAPS[mode];
    const memory = patternedMemory();
    const view = guestView(memory, map);
    const tables = new GuestPageTables(view, TABLES);
    // Each place of each page says which of both it is.
    PAGES.forEach((page, number) => PLACES.forEach((place) => {
      view.setUint32(page - RAM + place, encode("addi", { rd: A0, immediate: number }), true);
      view.setUint32(page - RAM + place + 4, encode("ecall"), true);
    }));
    // Which place, and what the engine does before: the page is mapped to another, or the guest's fence is executed.
    const steps: readonly { readonly place: number; readonly mapped?: number; readonly fence?: true; readonly only?: number }[] = [
      { place: 0, mapped: 0, fence: true, only: 0 }, { place: 0, only: 0 },
      { place: 1, mapped: 1 }, { place: 1 }, { place: 0, fence: true, only: 1 }, { place: 1, only: 1 },
      { place: 2, mapped: 0 }, { place: 2, fence: true, only: 0 }, { place: 0, only: 0 }, { place: 1, only: 0 },
    ];
    const seen: number[] = [];
    const software: Software = {
      boot: () => undefined,
      start(hart) {
        enterGuest(hart, map);
        hart.setCsr(mode === "hypervisor" ? CSR.vsatp : CSR.satp, tables.rootPage, 8 << 28);
        enter(hart);
      },
      trap(hart) {
        seen.push(hart.trapCause() === map.call ? hart.xNumber(A0) : Number.NaN);
        if (seen.length === steps.length) hart.halt();
        else enter(hart);
      },
    };
    const enter = (hart: Hart): void => {
      const { place, mapped, fence } = steps[seen.length];
      if (mapped !== undefined) tables.map(VIRTUAL, PAGES[mapped], CODE);
      if (fence === true) hart.fenceGuest();
      hart.setResume((VIRTUAL + PLACES[place]) | 0, 0);
    };
    runUntilHalted(makeMachine(memory, software, { ...tier, mode }).machine, { ...tier, mode }, LIMIT);
    expect(seen.map((page, index) => (steps[index].only === undefined ? "either" : page))).toEqual(steps.map(({ only }) => only ?? "either"));
    expect(seen).not.toContain(Number.NaN);
  });
});
