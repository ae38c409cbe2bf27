import type { Command, Flag } from './command.ts'
import { GLOBAL_FLAGS } from './parse.ts'

/** A bash completion script for all commands, their flags and the values of flags that have a fixed list. */
export function bashCompletion(commands: readonly Command[]): string {
  return `# bash completion for bulkhead. Use it now: source <(bulkhead completion bash)
# Use it always: bulkhead completion bash > ~/.local/share/bash-completion/completions/bulkhead
_bulkhead() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  local command="\${COMP_WORDS[1]:-}" verb="\${COMP_WORDS[2]:-}"
  COMPREPLY=()
  if (( COMP_CWORD == 1 )); then
    words="${[...nounsOf(commands), 'help'].join(' ')}"
  else
    case "$command $verb" in
${commands.map((command) => flagCase(command)).join('\n')}
    esac
    if (( COMP_CWORD == 2 )); then
      case "$command" in
${verbCases(commands)}
        help) words="${[...nounsOf(commands), 'connection'].join(' ')}" ;;
      esac
    fi
  fi
  if [[ -n "$words" ]]; then
    COMPREPLY=( $(compgen -W "$words" -- "$current") )
  fi
  if [[ \${#COMPREPLY[@]} -eq 0 && "$current" != -* ]]; then
    COMPREPLY=( $(compgen -f -- "$current") )
  fi
}
complete -o filenames -F _bulkhead bulkhead
`
}

function flagCase(command: Command): string {
  const flags = flagsOf(command)
  const pattern = command.path.length === 1 ? `"${command.path[0]} "*` : `"${command.path.join(' ')}"`
  const choices = flags
    .filter((flag) => flag.choices !== undefined)
    .map((flag) => `          --${flag.name}) words="${(flag.choices ?? []).join(' ')}" ;;`)
  const values = (command.arguments ?? []).flatMap((argument) => argument.choices ?? [])
  const words = [...values, ...flags.map((flag) => `--${flag.name}`)].join(' ')
  return `      ${pattern})
        case "$previous" in
${choices.length === 0 ? '' : `${choices.join('\n')}\n`}          *) words="${words}" ;;
        esac ;;`
}

function verbCases(commands: readonly Command[]): string {
  return nounsOf(commands)
    .map((noun) => ({
      noun,
      verbs: commands
        .filter((command) => command.path[0] === noun)
        .flatMap((command) => command.path[1] ?? []),
    }))
    .filter(({ verbs }) => verbs.length > 0)
    .map(({ noun, verbs }) => `        ${noun}) words="${verbs.join(' ')}" ;;`)
    .join('\n')
}

/** A zsh completion script, with what each command and flag means. */
export function zshCompletion(
  commands: readonly Command[],
  nouns: readonly { name: string; summary: string }[],
): string {
  return `#compdef bulkhead
# zsh completion for bulkhead. Use it always: bulkhead completion zsh > "\${fpath[1]}/_bulkhead"
_bulkhead() {
  local -a commands verbs
  if (( CURRENT == 2 )); then
    commands=(${nouns.map((noun) => quote(`${noun.name}:${noun.summary}`)).join(' ')} 'help:explain a command')
    _describe command commands
    return
  fi
  case "$words[2]" in
${nounsOf(commands)
  .map((noun) => zshNoun(noun, commands))
  .join('\n')}
  esac
}
compdef _bulkhead bulkhead
`
}

function zshNoun(noun: string, commands: readonly Command[]): string {
  const own = commands.filter((command) => command.path[0] === noun)
  const alone = own.find((command) => command.path.length === 1)
  const verbs = own.filter((command) => command.path.length > 1)
  if (alone !== undefined && verbs.length === 0) return `    ${noun}) ${zshArguments(alone)} ;;`
  return `    ${noun})
      if (( CURRENT == 3 )); then
        verbs=(${verbs.map((command) => quote(`${command.path[1]}:${command.summary}`)).join(' ')})
        _describe verb verbs
        return
      fi
      case "$words[3]" in
${verbs.map((command) => `        ${command.path[1]}) ${zshArguments(command)} ;;`).join('\n')}${alone === undefined ? '' : `\n        *) ${zshArguments(alone)} ;;`}
      esac ;;`
}

function zshArguments(command: Command): string {
  const specs = flagsOf(command).map((flag) => {
    const values = flag.choices === undefined ? ':_files' : `:(${flag.choices.join(' ')})`
    const repeat = flag.repeatable === true ? '*' : ''
    const value = flag.placeholder === undefined ? '' : `:${flag.name}${values}`
    return quote(`${repeat}--${flag.name}[${flag.description.replaceAll(/[[\]:]/g, ' ')}]${value}`)
  })
  return `_arguments -S ${[...specs, quote('*:argument:_files')].join(' ')}`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function nounsOf(commands: readonly Command[]): string[] {
  return [...new Set(commands.map((command) => command.path[0]))]
}

function flagsOf(command: Command): Flag<unknown>[] {
  return [...(command.flags ?? []), ...Object.values(GLOBAL_FLAGS)]
}
