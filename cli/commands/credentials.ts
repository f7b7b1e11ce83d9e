import { CREDENTIALS } from "../../core/sets/set.ts";
import { setCommands } from "../sets/set_commands.ts";

export const credentials = setCommands(CREDENTIALS);
