/* What a guest of the chain does. */
#pragma once

_Noreturn void firewall(void);
_Noreturn void inspection(void);
_Noreturn void translation(void);
