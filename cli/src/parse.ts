import { parseArgs } from 'node:util'
import { toggle, text, type Argument, type Command, type Flag, type Given } from './command.ts'
import { UsageError } from './failure.ts'
import { nearest } from './suggest.ts'

/** Flags that every command takes. */
export const GLOBAL_FLAGS = {
  url: text('url', 'URL', 'Address of the API, such as http://127.0.0.1:8600.'),
  key: text('key', 'KEY', 'API key. Better in BULKHEAD_CLI_KEY: arguments show up in process lists.'),
  workspace: text(
    'workspace',
    'ID',
    'Workspace in which a person acts, ws_…. Default BULKHEAD_CLI_WORKSPACE.',
  ),
  data: text('data', 'DIR', 'Data directory of a local installation. Default BULKHEAD_DATA or ./.bulkhead.'),
  json: toggle('json', 'Print JSON for programs instead of text for people.'),
  help: toggle('help', 'Explain the command.'),
} as const

/** What a command line asks for. */
export type Request =
  | { readonly kind: 'help'; readonly topic: readonly string[] }
  | {
      readonly kind: 'run'
      readonly command: Command
      readonly given: Given
      readonly options: GlobalOptions
    }

export interface GlobalOptions {
  readonly url: string | undefined
  readonly key: string | undefined
  readonly workspace: string | undefined
  readonly data: string | undefined
  readonly json: boolean
}

/**
 * Reads a command line. Every flag and argument is checked before anything is done.
 * @throws UsageError that names what is wrong and the nearest thing that is right.
 */
export function parseCommandLine(
  args: readonly string[],
  commands: readonly Command[],
  nowMs: number,
): Request {
  const words = leadingWords(args)
  if (words[0] === 'help') return { kind: 'help', topic: words.slice(1) }
  const asksHelp = beforeSeparator(args).some((arg) => arg === '--help' || arg === '-h')
  if (words.length === 0) {
    const flag = args.find((arg) => arg !== '--json')
    if (flag === undefined || asksHelp) return { kind: 'help', topic: [] }
    throw new UsageError(
      `${flag} comes before any command. Write: bulkhead COMMAND ${flag} … See: bulkhead help.`,
    )
  }
  const command = findCommand(words, commands)
  if (asksHelp || command === null) return { kind: 'help', topic: words }
  const flags = [...(command.flags ?? []), ...Object.values(GLOBAL_FLAGS)]
  const { values, positionals } = readTokens(command, args, flags)
  const given = givenOf(values, positionals, command, nowMs)
  for (const flag of flags) given.flag<unknown>(flag)
  for (const argument of command.arguments ?? []) given.argument<unknown>(argument)
  const json = given.flag(GLOBAL_FLAGS.json)
  return {
    kind: 'run',
    command,
    given,
    options: {
      url: given.flag(GLOBAL_FLAGS.url),
      key: given.flag(GLOBAL_FLAGS.key),
      workspace: given.flag(GLOBAL_FLAGS.workspace),
      data: given.flag(GLOBAL_FLAGS.data),
      json,
    },
  }
}

/** The command that some words name; null where they name a noun that has several. Throws UsageError where they name nothing. */
export function findCommand(words: readonly string[], commands: readonly Command[]): Command | null {
  const [noun, verb] = words
  const ofNoun = commands.filter((command) => command.path[0] === noun)
  if (noun === undefined) return null
  if (ofNoun.length === 0) {
    const guess = nearest(noun, [...new Set(commands.map((command) => command.path[0]))])
    throw new UsageError(
      `There is no command ${noun}.${guess === undefined ? '' : ` Did you mean: bulkhead ${guess}?`} All commands: bulkhead help.`,
    )
  }
  const alone = ofNoun.find((command) => command.path.length === 1)
  const found = verb === undefined ? undefined : ofNoun.find((command) => command.path[1] === verb)
  if (found !== undefined) return found
  // A noun that does something by itself may have verbs as well.
  if (alone !== undefined && (verb === undefined || ofNoun.length === 1)) return alone
  if (verb === undefined) return null
  const verbs = ofNoun.flatMap((command) => command.path[1] ?? [])
  const guess = nearest(verb, verbs)
  throw new UsageError(
    `There is no command ${noun} ${verb}.${guess === undefined ? '' : ` Did you mean: bulkhead ${noun} ${guess}?`} ${noun} has: ${verbs.join(', ')}.`,
  )
}

function readTokens(command: Command, args: readonly string[], flags: readonly Flag<unknown>[]) {
  const byName = new Map(flags.map((flag) => [flag.name, flag]))
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: Object.fromEntries(
      flags.map((flag) => [
        flag.name,
        flag.placeholder === undefined
          ? { type: 'boolean' as const }
          : { type: 'string' as const, multiple: true },
      ]),
    ),
  })
  const values = new Map<string, string[]>()
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const flag = byName.get(token.name)
    if (flag === undefined) throw unknownFlag(command, token.rawName, [...byName.keys()])
    if (flag.placeholder === undefined && token.value !== undefined)
      throw new UsageError(`--${flag.name} takes no value.`)
    if (
      flag.placeholder !== undefined &&
      (token.value === undefined || looksLikeFlag(token.value, token.inlineValue))
    )
      throw new UsageError(`--${flag.name} needs a value: --${flag.name} ${flag.placeholder}.`)
    values.set(flag.name, [...(values.get(flag.name) ?? []), token.value ?? ''])
  }
  return { values, positionals: positionals.slice(command.path.length) }
}

/** `--to --subject x` has lost a value; a value that begins with two dashes is written `--text=--x`. */
function looksLikeFlag(value: string, inline: boolean | undefined): boolean {
  return inline !== true && /^--[a-z]/.test(value)
}

function unknownFlag(command: Command, typed: string, known: readonly string[]): UsageError {
  const guess = nearest(typed.replace(/^-+/, ''), known)
  return new UsageError(
    `bulkhead ${command.path.join(' ')} has no flag ${typed}.${guess === undefined ? '' : ` Did you mean --${guess}?`} See: bulkhead ${command.path.join(' ')} --help.`,
  )
}

function givenOf(
  values: ReadonlyMap<string, readonly string[]>,
  positionals: readonly string[],
  command: Command,
  nowMs: number,
): Given {
  const declared = command.arguments ?? []
  const [extra] = positionals.slice(declared.length)
  if (extra !== undefined) {
    throw new UsageError(
      `${JSON.stringify(extra)} is one argument too many for bulkhead ${command.path.join(' ')}. Put quotes around a text with blanks. See: bulkhead ${command.path.join(' ')} --help.`,
    )
  }
  return {
    flag: (flag) => flag.read(values.get(flag.name) ?? [], nowMs),
    argument: <Value>(argument: Argument<Value>): Value =>
      argument.read(positionals[declared.findIndex((item) => item.name === argument.name)]),
  }
}

function leadingWords(args: readonly string[]): string[] {
  const end = args.findIndex((arg) => arg.startsWith('-') && arg !== '-')
  return end < 0 ? [...args] : args.slice(0, end)
}

function beforeSeparator(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--')
  return end < 0 ? args : args.slice(0, end)
}
