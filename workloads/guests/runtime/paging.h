/* Address translation for guests that do nothing with it themselves: every address means itself. */
#pragma once

/* Maps the guest's RAM with pages of 4 KiB, the channel windows likewise, and the devices with superpages, and turns
   Sv39 on. `platform` must be filled. */
void paging_enable(void);
