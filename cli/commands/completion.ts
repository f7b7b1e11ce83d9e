import { Fault } from "../../core/fault.ts";
import { command, type CommonFlags } from "../command.ts";

/**
 * Each script asks the tool itself (`coffer __complete WORDS…`) what could come next, so that completion always fits
 * the installed version. The last line of zsh's is for both ways to load it: from a folder of $fpath it is the function's
 * body until it has run once, and has to propose something then.
 */
const SCRIPTS = {
  bash: `_coffer() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(coffer __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _coffer coffer
`,
  zsh: `#compdef coffer
_coffer() {
  local -a proposals
  proposals=("\${(@f)$(coffer __complete "\${words[@]:1:$((CURRENT-1))}" 2>/dev/null)}")
  (( \${#proposals} )) && [[ -n "\${proposals[1]}" ]] && compadd -a proposals || _files
}
if [[ "\${funcstack[1]}" == _coffer ]]; then _coffer; else compdef _coffer coffer; fi
`,
  fish: `complete -c coffer -f -a '(coffer __complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`,
} as const;

export const completion = command<CommonFlags, [shell: keyof typeof SCRIPTS]>({
  brief: "Print a shell's completion script",
  examples: [
    "completion bash >> ~/.bash_completion",
    'completion zsh > "${fpath[1]}/_coffer"',
    "completion fish | source",
  ],
  flags: {},
  positional: {
    kind: "tuple",
    parameters: [{
      parse: (text: string) => {
        if (Object.hasOwn(SCRIPTS, text)) return text as keyof typeof SCRIPTS;
        throw new Fault("USAGE", `there is no completion for ${JSON.stringify(text)}`, {
          hint: "use bash, zsh or fish",
        });
      },
      brief: "bash, zsh or fish",
      placeholder: "shell",
      proposeCompletions: () => Object.keys(SCRIPTS),
    }],
  },
  run({ report }, _flags, shell) {
    report.bytes(new TextEncoder().encode(SCRIPTS[shell]));
  },
});
