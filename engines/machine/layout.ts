// Where everything lies. Two maps:
//  - the physical map that software on the machine sees (as QEMU's `virt` board);
//  - the host map: byte offsets into the one WebAssembly.Memory. What lies below `ramOffset`
//    (hart registers, translation caches) is hardware, and has no physical address.

// ---- physical map ---------------------------------------------------------------------------
export const RAM_BASE = 0x8000_0000;
/** Engine state lies from RAM_BASE; the first byte a guest may be placed at. */
export const FIRMWARE_BYTES = 0x0020_0000;
export const ACLINT_MSWI = 0x0200_0000; // msip of hart h at + 4h
export const ACLINT_MTIMECMP = 0x0200_4000; // mtimecmp of hart h at + 8h
export const ACLINT_MTIME = 0x0200_bff8;
export const PLIC_BASE = 0x0c00_0000; // contexts 2h (M-mode) and 2h + 1 (S-mode) of hart h
export const PLIC_BYTES = 0x60_0000;
/** Sources 1 to 31. */
export const PLIC_SOURCES = 31;
export const UART_BASE = 0x1000_0000;
export const UART_IRQ = 10;
export const VIRTIO_BASE = 0x1000_1000; // slot k at + VIRTIO_STRIDE * k, with interrupt VIRTIO_FIRST_IRQ + k
export const VIRTIO_STRIDE = 0x1000;
export const VIRTIO_FIRST_IRQ = 1;
/** Network ports 0 to 3 have slots of the same number. */
export const NETWORK_PORTS = 4;
export const BLOCK_SLOT = 4;
export const CONSOLE_SLOT = 5;
export const VIRTIO_SLOTS = 8;
export const TIMEBASE_HZ = 10_000_000;

// ---- host map -------------------------------------------------------------------------------
export const MAXIMUM_HARTS = 128;
export const CONTROL_OFFSET = 0x0000_0000;
export const HART_BLOCKS_OFFSET = 0x0001_0000;
export const HART_BLOCK_BYTES = 0x1_0000;
/** One area per thread (predecoded instructions, translation look-up), first one here. */
export const THREAD_AREAS_OFFSET = 0x0090_0000;
export const THREAD_AREA_BYTES = 0x0020_0000;
/** State of the devices, see DEVICES. */
export const DEVICES_OFFSET = HART_BLOCKS_OFFSET + MAXIMUM_HARTS * HART_BLOCK_BYTES;
// Behind the thread areas lies what devices hold (a disk, frames on their way), as much as the machine is made with;
// then RAM.

// ---- control block: how whoever started the machine steers it (Int32 words) --------------------
export const CONTROL = {
  /** One of CONTROL_COMMAND; harts look at it at every attention. */
  command: 0x00,
  /** Rises with every acknowledgement by a hart (HART.acknowledged says which command it reached). */
  acknowledged: 0x04,
  /** Number of the command, so that the same one can be given twice. */
  sequence: 0x08,
  /** Harts in the machine. */
  harts: 0x0c,
  /** Harts whose engine has booted and waits at the starting barrier. */
  ready: 0x10,
  /** 1 once hart 0 has run the engine's boot. */
  booted: 0x14,
  /** f64: the host's monotonic clock, in ns, when the machine was prepared: its time zero. */
  epoch: 0x18,
  /** Harts that are out of reset. */
  present: 0x20,
  /** fence.i executed, and fences done by engines for their guests, modulo 2^32. */
  instructionFences: 0x24,
} as const;
export const CONTROL_COMMAND = { pause: 0, run: 1, stop: 2 } as const;

// ---- console ring: what leaves the machine as text, see devices/console.ts ----------------------
export const CONSOLE = {
  /** Entries ever written, ever read, and lost because the ring was full. */
  head: 0x1000,
  tail: 0x1040,
  lost: 0x1080,
  /** 1: somebody goes on reading, and who finds the ring full waits. */
  attended: 0x10c0,
  /** One word an entry: 0 when empty. */
  entries: 0x2000,
  capacity: 0x2000,
} as const;

// ---- devices: byte offsets from DEVICES_OFFSET ---------------------------------------------------
export const DEVICES = {
  plic: 0x0000,
  uart: 0x0c00,
  /** Console input: INPUT. */
  input: 0x1000,
  /** A SLOT for each of VIRTIO_SLOTS. */
  slots: 0x2000,
} as const;
/** What whoever started the machine types: a ring of bytes. */
export const INPUT = {
  /** i32, atomic: bytes ever written, and ever read. */
  head: 0x00,
  tail: 0x40,
  /** i32, atomic: the hart that last used a device which reads them. */
  home: 0x80,
  bytes: 0x100,
  capacity: 0x400,
} as const;
/** One virtio-mmio slot. */
export const SLOT = {
  /** i32, atomic: 1 while a thread runs the device. Of the simulation, not of the machine. */
  lock: 0x000,
  /** i32: virtio's device ID, 0 for none; what it is given: see devices/prepare.ts. */
  kind: 0x004,
  readOnly: 0x008,
  /** i32: host offset and sectors of a disk. */
  media: 0x00c,
  sectors: 0x010,
  /** i32: the hart that last touched the device, which gives it its time. */
  home: 0x014,
  /** i32: regions in the table below, and whether it has been set. */
  regionCount: 0x018,
  assigned: 0x01c,
  /** The words of the virtio record. */
  record: 0x040,
  /** What the device may reach: REGION entries. */
  regions: 0x400,
  /** Where it assembles what lies scattered in its driver's memory. */
  buffer: 0x800,
} as const;
export const SLOT_BYTES = 0x1000;
export const SLOT_BUFFER_BYTES = 0x800;

// ---- hart block: byte offsets from a hart's base ------------------------------------------------
// 64-bit values are little-endian; TypeScript reads them as two Int32 halves (no BigInt, no garbage).
export const HART = {
  x: 0x000, // x0..x31, 8 bytes each; x0 is never written
  sink: 0x100, // where the interpreter writes results for x0
  pc: 0x108, // i64: valid whenever the hart is outside translated code
  fuel: 0x110, // i32: instructions left in the slice
  slice: 0x114, // i32: instructions the slice began with
  /** i64: instructions retired before the slice. instret = this + slice - fuel. */
  retired: 0x118,
  /** i32, atomic: 0, or 0x7fff_ffff to make translated code come out at its next check. */
  attention: 0x120,
  /** i64: guest RAM bytes - 8; a fast access at RAM offset t needs t <= this (unsigned). */
  ramLimit: 0x128,
  /** i32: host offset of the first byte of the RAM that guest address RAM_BASE means now. */
  ramOffset: 0x130,
  /** i32: which guest address space the hart runs. Translations are made for one: as long as the machine lives, a
   *  number below FIRST_PAGED_SPACE stands for one RAM window (ramLimit, ramOffset). */
  space: 0x134,
  /** i64: reserved address of LR (host offset), -1 when none; value that LR read. */
  reservation: 0x138,
  reservationValue: 0x140,
  /** i64: faulting address or value for stval, set before a trap or device import. */
  trapValue: 0x148,
  /** i32: privilege (0 U, 1 S, 3 M) and virtualization mode (0, 1). */
  privilege: 0x150,
  virtual: 0x154,
  /** i32: 1 while the hart waits for an interrupt (WFI). */
  waiting: 0x158,
  /** i32: regions in use in the table below. */
  regionCount: 0x15c,
  /** i32: host offset of the thread area this hart uses now. */
  threadArea: 0x160,
  /** i32, atomic: interrupts that other harts and devices raised: RAISED. */
  raised: 0x164,
  /** i32, atomic: 1 while the host thread may sleep on `attention` and must be notified. */
  sleeping: 0x168,
  /** i32, atomic: sequence of the last command this hart reached; HART_STOPPED once it has left for good. */
  acknowledged: 0x16c,
  /** i64: the pc of an indirect jump that generated code reports, HART.pc being its target. */
  jumpSource: 0x170,
  /** i32: set when a unit stops before an access that is not in the RAM window. */
  outside: 0x178,
  /** i32: 0 while guest addresses are (guest-)physical ones, 1 while they are translated by page tables. */
  paged: 0x17c,
  /** i32: host offset of the TLB of the privilege the hart is in, while `paged`. */
  tlb: 0x180,
  /** i32: number of the translations that the hart executes, where spaces share them (translator/code-classes.ts). */
  translations: 0x184,
  csr: 0x200, // CSR file, 8 bytes each, see hart/csr-file.ts
  regions: 0x400, // the cached second stage (or physical map): REGION entries
  counters: 0x800, // exits by cause, 8 bytes each, see hart/counters.ts
  tlbs: 0x1000, // TLB of U, then TLB of S
  /** i32 each: addends that accesses of translated code found last, by place in the code: see GUESSES. */
  guesses: 0x9000,
  rememberedPages: 0xa000, // see REMEMBERED
} as const;

/** The host offset of an access would have to wait for the TLB's entry: translated code takes the addend that the same
 *  place found last, and only checks that it is the entry's. Pages that are neighbours in memory share one. */
export const GUESSES = 64;

/** Runs of pages, neighbours in memory as in addresses, that places in translated code have met, each its own entry: the
 *  TLB is looked at only where a range from a place does not lie in its run. */
export const REMEMBERED = {
  entries: 512,
  entryBytes: 32,
  page: 0, // i64
  /** i64: how far behind the first page's first address the place's range may begin, plus 1; 0: nothing is remembered. */
  length: 8,
  addend: 16, // i32
} as const;

/** A TLB: direct-mapped by virtual page number. An access of n bytes at address a may go ahead at host offset
 *  a + addend (modulo 2^32) if a - tag <= PAGE - n (unsigned, 64 bits), by the tag of what it does. */
export const TLB = {
  privileges: 2,
  entries: 512,
  entryBytes: 32,
  bytes: 0x4000,
  read: 0, write: 8, execute: 16, // i64: first address of the page
  addend: 24, // i32
} as const;

/** Numbers of address spaces made by page tables, which each thread gives out for itself. */
export const FIRST_PAGED_SPACE = 0x1_0000;

export const HART_STOPPED = 0x7fff_ffff;
/** Value of `attention` that makes translated code come out. */
export const ATTENTION = 0x7fff_ffff;
/** Bits of `raised`: as mip.SSIP and mip.MSIP, which software raises, and mip.SEIP and mip.MEIP, which the PLIC does. */
export const RAISED = { supervisor: 1 << 1, machine: 1 << 3, supervisorExternal: 1 << 9, machineExternal: 1 << 11 } as const;

/** Region entry: what resolves addresses beyond the fast RAM window. 32 bytes. */
export const REGION = {
  base: 0, // i64: first guest address
  bytes: 8, // i64: length
  offset: 16, // i32: host offset of the first byte; for a device, its number
  rights: 20, // i32: RIGHT bits
} as const;
export const REGION_BYTES = 32;
export const MAXIMUM_REGIONS = 32;
export const RIGHT = { read: 1, write: 2, execute: 4, device: 8 } as const;

/** Why `run` of the generated core came back to TypeScript. */
export const EXIT = {
  /** The slice's instructions are used up. */
  slice: 1,
  /** `attention` was set. */
  attention: 2,
  /** An import asked to leave (the hart idles, waits or stopped). */
  leave: 3,
  /** The hart's addresses are now translated otherwise (HART.paged): the other interpreter is to go on. */
  translation: 4,
} as const;

/** What an import called by generated code answers. */
export const CONTINUE = 0; // done in place: go on at the next instruction
export const MOVED = 1; // state.pc (and perhaps the address space) is new: dispatch again
export const LEAVE = 2; // come out of `run`
