// Which parts of a guest's memory are its code, its data, and neither.

import type { VirtualMachine } from "../../engines/engine.ts";
import type { EngineMode } from "../../engines/machine/hart/hart.ts";
import { guestPhysical, type PhysicalAddress } from "../../engines/machine/address.ts";
import { RAM_BASE } from "../../engines/machine/layout.ts";
import { parseImage } from "../../engines/loader/image-format.ts";
import { placementIn } from "../../engines/loader/place.ts";

/** Bytes of RAM, from its first. */
export interface Range {
  readonly from: number;
  readonly bytes: number;
}

export interface GuestParts {
  readonly code: Range;
  readonly data: Range;
  /** What nobody writes once the guest has been loaded: code, constants, its device tree, and memory that it does not use. */
  readonly constant: readonly Range[];
}

/** `memory`: where the guest's first byte lies. */
export function partsOf({ name, image: file, memoryBytes }: VirtualMachine, memory: PhysicalAddress, mode: EngineMode): GuestParts {
  const parsed = parseImage(file);
  if (!parsed.ok) throw new Error(`${name}: ${parsed.error.message}`);
  const image = parsed.value;
  const seen = guestPhysical(mode === "hypervisor" ? RAM_BASE : memory);
  const toRam = placementIn(image, { guest: seen, physical: memory, bytes: memoryBytes }) - image.low - seen + memory - RAM_BASE;
  const range = (what: string, of: (segment: (typeof image.segments)[number]) => boolean): Range => {
    const segment = image.segments.find(of);
    if (segment === undefined) throw new Error(`${name} has no ${what}`);
    return { from: segment.address + toRam, bytes: segment.memoryBytes };
  };
  const code = range("code", ({ executable }) => executable);
  const data = range("data", ({ writable }) => writable);
  const first = memory - RAM_BASE;
  const behind = data.from + data.bytes;
  return { code, data, constant: [{ from: first, bytes: data.from - first }, { from: behind, bytes: first + memoryBytes - behind }] };
}
