/* What a guest program provides: it runs after the runtime has read the device tree, and never returns. */
#pragma once

_Noreturn void guest_main(void);
