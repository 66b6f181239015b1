// One machine in a process of its own: what the host's compiler and the layout of memory make of one start, they make of one
// sample alone. Whoever compares copies this file and what it needs of this folder into the tree of the other side, so that
// each measures its own engines, machine and guests by its own means.

import { MachineSession } from "../session.ts";
import { serve } from "./serve.ts";

await serve((benchCase) => MachineSession.start(benchCase));
