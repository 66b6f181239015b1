// CSR numbers, by their standard names. Bits 9:8 of a number are the lowest privilege that may use it
// (2: hypervisor and VS registers), bits 11:10 = 3 mean read-only.

export const CSR = {
  cycle: 0xc00, time: 0xc01, instret: 0xc02,

  sstatus: 0x100, sie: 0x104, stvec: 0x105, scounteren: 0x106, senvcfg: 0x10a,
  sscratch: 0x140, sepc: 0x141, scause: 0x142, stval: 0x143, sip: 0x144, stimecmp: 0x14d, satp: 0x180,

  vsstatus: 0x200, vsie: 0x204, vstvec: 0x205,
  vsscratch: 0x240, vsepc: 0x241, vscause: 0x242, vstval: 0x243, vsip: 0x244, vstimecmp: 0x24d, vsatp: 0x280,

  hstatus: 0x600, hedeleg: 0x602, hideleg: 0x603, hie: 0x604, htimedelta: 0x605, hcounteren: 0x606,
  hgeie: 0x607, henvcfg: 0x60a, htval: 0x643, hip: 0x644, hvip: 0x645, htinst: 0x64a, hgatp: 0x680,
  hgeip: 0xe12,

  mstatus: 0x300, misa: 0x301, medeleg: 0x302, mideleg: 0x303, mie: 0x304, mcounteren: 0x306, menvcfg: 0x30a,
  mepc: 0x341, mcause: 0x342, mtval: 0x343, mip: 0x344,
  mvendorid: 0xf11, marchid: 0xf12, mimpid: 0xf13, mhartid: 0xf14,
} as const;

export const CSR_NUMBERS = 0x1000;

/** When V=1 the number of a banked s* register reaches its vs* replica, which is this much higher. */
export const VIRTUAL_BANK = 0x100;

/** Whether `csr` is an s* register with a vs* replica (scounteren and senvcfg have none). */
export function isBanked(csr: number): boolean {
  return (csr & 0xf00) === 0x100 && csr !== CSR.scounteren && csr !== CSR.senvcfg;
}
