// The kernel's system calls: number in a7, arguments in a0 and on, answer in a0.

export const CALL = {
  /** Runs the vCPU of the calling thread until its guest needs the VMM. Ends a burst. */
  run: 0,
  /** Sleeps until the process is to be told something: a0 rung channel ends, a1 interrupt sources. Ends a burst. */
  wait: 1,
  /** The machine has ended, as SBI reset type a0 has it. Ends a burst. */
  exit: 2,
  /** Gives up the rest of the turn. */
  yield: 3,
  /** Writes a1 bytes at a0 to the console. */
  write: 4,
  /** Reads up to a1 bytes of the console to a0; answers how many. */
  read: 5,
  /** Has the units page of its guest's counted at a0, a guest-physical address. */
  units: 6,
  /** Rings the peer of channel end a0. */
  notify: 7,
  /** Raises interrupt a1 (a bit of hvip) at vCPU a0. */
  raise: 8,
  /** Takes it back from the calling thread's own vCPU. */
  lower: 9,
  /** Says whether source a0 of the kernel's interrupt controller drives its line: a1. */
  line: 10,
  /** The guest has completed source a0, of a device that is passed through. */
  complete: 11,
  /** Has what is typed on the machine's serial console come as source UART_IRQ. */
  listen: 12,
  /** The next byte typed there, or a negative number if there is none: the interrupt is then completed. */
  receive: 13,
  /** Sleeps for a0 ticks. */
  sleep: 14,
  /** Answers the number of the calling process. */
  identity: 15,
  /** Writes up to a2 bytes at a1 to pipe a0, and reads so many; answers how many. For host processes, each at its own end. */
  pipeWrite: 16,
  pipeRead: 17,
  /** Transmits a2 bytes at a1 by the tap at the guest's slot a0. */
  tapWrite: 18,
  /** Takes the oldest frame that waits there to a1, where there is room for a2 bytes; answers its bytes, 0 if there is none. */
  tapRead: 19,
  /** Has the process told of that tap once more. */
  tapPoll: 20,
} as const;

/** Linux's EPERM, EBADF, EFAULT, EINVAL, EPIPE and ENOSYS. */
export const ERROR = { notPermitted: -1, badEnd: -9, fault: -14, invalid: -22, brokenPipe: -32, noCall: -38 } as const;
