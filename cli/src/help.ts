import type { Command } from './command.ts'
import { CONNECTION_HELP } from './connection.ts'
import { UsageError } from './failure.ts'
import { findCommand, GLOBAL_FLAGS } from './parse.ts'
import { pad, width, wrap, type Paint } from './text.ts'

export interface Noun {
  readonly name: string
  readonly summary: string
}

export interface HelpInput {
  readonly commands: readonly Command[]
  readonly nouns: readonly Noun[]
  readonly paint: Paint
  readonly columns: number
}

const EXIT_CODES = `Exit codes: 0 done, 1 refused (or the answer is bad news), 2 not understood, 3 the server cannot be reached.`

/** The help for some words: the overview, a noun, a command, or `connection`. Throws UsageError where there is no such topic. */
export function help(topic: readonly string[], input: HelpInput): string {
  if (topic.length === 0) return overview(input)
  if (topic[0] === 'connection') return CONNECTION_HELP
  if (topic[0] === 'help') return overview(input)
  const command = findCommand(topic, input.commands)
  const isNoun =
    topic.length === 1 && input.commands.some(({ path }) => path[0] === topic[0] && path.length > 1)
  if (command !== null && !isNoun) return commandHelp(command, input)
  const [noun] = topic
  if (noun === undefined) throw new UsageError('There is no such topic.')
  return nounHelp(noun, input)
}

function overview({ commands, nouns, paint, columns }: HelpInput): string {
  const rows = nouns.map((noun): [string, string] => {
    const verbs = commands
      .filter((command) => command.path[0] === noun.name)
      .flatMap((command) => command.path[1] ?? [])
    return [noun.name, verbs.length === 0 ? noun.summary : `${noun.summary} (${verbs.join(', ')})`]
  })
  return `${paint.bold('bulkhead')}: send mail and follow what became of it.

${paint.bold('Usage')}
  bulkhead COMMAND [ARGUMENTS] [FLAGS]
  From a checkout: npx bulkhead …, or npm run bulkhead -- …

${paint.bold('First steps')}
  bulkhead start                        start an installation here; keep it running
  bulkhead send --from hello@example.test --to ann@example.com \\
    --subject Hello --text "My first mail." --wait
  bulkhead inbox list                   see it: in development no mail leaves this host

${paint.bold('Commands')}
${list(rows, columns)}
${paint.bold('Learn more')}
  bulkhead help COMMAND                 what a command does, with examples
  bulkhead help connection              where the address and the key come from

${paint.bold('Flags of every command')}
${list(flagRows(Object.values(GLOBAL_FLAGS)), columns)}
${wrap(EXIT_CODES, columns)}
`
}

function nounHelp(noun: string, { commands, nouns, paint, columns }: HelpInput): string {
  const summary = nouns.find((item) => item.name === noun)?.summary ?? noun
  const own = commands.filter((command) => command.path[0] === noun)
  const example = own.flatMap((command) => command.examples.slice(0, 1)).slice(0, 4)
  return `${paint.bold(`bulkhead ${noun}`)}: ${summary}

${paint.bold('Commands')}
${list(
  own.map((command) => [synopsis(command).replace('bulkhead ', ''), command.summary]),
  columns,
)}
${paint.bold('Examples')}
${examples(example, paint)}
More about one: bulkhead ${noun} ${own[0]?.path[1] ?? ''} --help
`
}

function commandHelp(command: Command, { paint, columns }: HelpInput): string {
  const name = `bulkhead ${command.path.join(' ')}`
  const title = wrap(`${name}: ${command.summary}.`, columns)
  const parts = [title.replace(name, paint.bold(name))]
  if (command.description !== undefined) parts.push(wrap(command.description, columns))
  parts.push(`${paint.bold('Usage')}\n  ${wrap(`${synopsis(command)} [FLAGS]`, columns - 4, '    ')}`)
  if ((command.arguments ?? []).length > 0) {
    const rows = (command.arguments ?? []).map((item): [string, string] => [item.name, item.description])
    parts.push(`${paint.bold('Arguments')}\n${list(rows, columns).trimEnd()}`)
  }
  if ((command.flags ?? []).length > 0)
    parts.push(`${paint.bold('Flags')}\n${list(flagRows(command.flags ?? []), columns).trimEnd()}`)
  parts.push(
    `${paint.bold('Flags of every command')}\n  --url URL, --key KEY, --data DIR, --json, --help (bulkhead help connection)`,
  )
  parts.push(`${paint.bold('Examples')}\n${examples(command.examples, paint).trimEnd()}`)
  return `${parts.join('\n\n')}\n`
}

/** `bulkhead messages show MESSAGE`, with optional arguments in brackets and required flags. */
export function synopsis(command: Command): string {
  return [
    'bulkhead',
    ...command.path,
    ...(command.arguments ?? []).map((item) => (item.optional === true ? `[${item.name}]` : item.name)),
    ...(command.flags ?? [])
      .filter((flag) => flag.required === true)
      .map((flag) => `--${flag.name} ${flag.placeholder ?? ''}`.trim()),
  ].join(' ')
}

/** Flags as pairs of how they are written and what they mean. */
export function flagRows(flags: NonNullable<Command['flags']>): [string, string][] {
  return flags.map((flag) => [
    flag.placeholder === undefined ? `--${flag.name}` : `--${flag.name} ${flag.placeholder}`,
    `${flag.description}${flag.repeatable === true ? ' May be repeated.' : ''}${flag.required === true ? ' Required.' : ''}`,
  ])
}

function examples(items: Command['examples'], paint: Paint): string {
  return items.map(({ line, says }) => `  ${paint.dim(`# ${says}`)}\n  ${paint.cyan(line)}\n`).join('')
}

function list(rows: readonly (readonly [string, string])[], columns: number): string {
  const left = Math.min(34, Math.max(0, ...rows.map(([name]) => width(name))) + 2)
  const margin = ' '.repeat(left + 2)
  return rows
    .map(([name, says]) => {
      const head = width(name) + 2 > left ? `  ${name}\n${margin}` : `  ${pad(name, left)}`
      return `${head}${wrap(says, Math.max(30, columns - left - 2), margin)}\n`
    })
    .join('')
}
