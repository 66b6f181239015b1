/* What a hart of the fuzzing guest executes, as whoever fuzzes writes it and lane.S reads it: operations in a ring, each a set
   of registers and the code that begins with them. bench/fuzz/lane.ts has the same offsets. */
#pragma once

#define LANES 2
#define LANE_RECORDS 128
#define RECORD_BYTES 512

#define LANE_BEGUN 0    /* operations begun */
#define LANE_GIVEN 8    /* operations in the ring, ever */
#define LANE_CURRENT 16 /* address of the record begun last */
#define LANE_SAVED 24
#define LANE_RECORDS_AT 4096
#define LANE_BYTES (LANE_RECORDS_AT + LANE_RECORDS * RECORD_BYTES)

#define RECORD_PC 0       /* x[n] at 8 * n, for n from 1 */
#define RECORD_STATUS 256 /* sstatus, of which SPP and SPIE say how the operation begins */
#define RECORD_SATP 264
#define RECORD_ENABLED 272 /* sie */
#define RECORD_TIMER 280   /* ticks until the timer interrupts it; 0: the timer stays as it is */
#define RECORD_FENCE 288   /* not 0: fence.i first */
#define RECORD_CAUSE 296   /* what it came to: scause, sepc, stval, and a0 and a1 then */
#define RECORD_EPC 304
#define RECORD_VALUE 312
#define RECORD_A0 320
#define RECORD_A1 328
#define RECORD_CODE 336
