/* How a guest ends. */
#pragma once

/* SRST reset reasons. */
#define POWER_OFF_DONE 0
#define POWER_OFF_FAILURE 1

_Noreturn void power_off(unsigned reason);
/* Prints one line and powers off with a failure. */
_Noreturn void fail(const char *reason);
