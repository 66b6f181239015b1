// From the machine's own 16550 to the guest that has its console. What there is no room for stays there,
// and its interrupt uncompleted.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { UART_BASE } from "../machine/layout.ts";
import { field } from "../state/words.ts";
import { hasRoom, receive, SERIAL } from "./serial.ts";

const DATA = physical(UART_BASE);
const INTERRUPT_ENABLE = physical(UART_BASE + 1);
const LINE_STATUS = physical(UART_BASE + 5);
const RECEIVED = 1;
const BYTE = 1;

/** What is typed from now on, and what waits, comes by interrupt. */
export function enableInput(hart: Hart): void {
  hart.writeDevice(INTERRUPT_ENABLE, RECEIVED, BYTE);
}

/** Answers whether all that had arrived has been taken, and the interrupt is to be completed. */
export function pullInput(hart: Hart, serial: PhysicalAddress): boolean {
  const { memory } = hart;
  while (hasRoom(memory, serial)) {
    if ((hart.readDevice(LINE_STATUS, BYTE) & RECEIVED) === 0) {
      memory.store(field(serial, SERIAL.held), 0);
      return true;
    }
    receive(memory, serial, hart.readDevice(DATA, BYTE));
  }
  memory.store(field(serial, SERIAL.held), 1);
  return false;
}
