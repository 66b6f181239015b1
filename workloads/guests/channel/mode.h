/* What goes over the channel. */
#pragma once

#include "../runtime/device-tree.h"

_Noreturn void pingpong(const struct channel *channel);
_Noreturn void stream(const struct channel *channel);
