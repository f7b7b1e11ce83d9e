import { PARAMETERS } from "../../core/sets/set.ts";
import { setCommands } from "../sets/set_commands.ts";

export const parameters = setCommands(PARAMETERS);
