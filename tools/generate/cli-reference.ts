import type { Command } from '../../cli/src/command.ts'
import { CONNECTION_HELP } from '../../cli/src/connection.ts'
import { flagRows, synopsis, type Noun } from '../../cli/src/help.ts'
import { GLOBAL_FLAGS } from '../../cli/src/parse.ts'

/** The text of docs/reference/cli.md, from the same declarations as the help. */
export function writeCliReference(commands: readonly Command[], nouns: readonly Noun[]): string {
  return `${[
    '<!-- Made by npm run gen from the commands of the CLI. Do not edit. -->',
    '# Command line reference',
    '`bulkhead` can do all that the API can. In a checkout: `npx bulkhead …` or `npm run bulkhead -- …`. Each command explains itself with `--help`.',
    commandTable(commands),
    '## Address and key',
    ['```text', CONNECTION_HELP.trimEnd(), '```'].join('\n'),
    '## Flags of every command',
    rowsTable('Flag', flagRows(Object.values(GLOBAL_FLAGS))),
    '## Output and exit codes',
    'The answer goes to standard output, remarks and progress to standard error. `--json` prints the API\'s own answer, and errors as `{"error": {…}}`. Colours appear on terminals only; `NO_COLOR` turns them off.',
    rowsTable('Exit code', [
      ['0', 'Done.'],
      [
        '1',
        'Refused by the server, or the answer is bad news: a ledger that does not balance, a domain that is not verified, a message that was not delivered.',
      ],
      ['2', 'The command line was not understood; nothing was done.'],
      ['3', 'The server cannot be reached.'],
      ['130', 'Ended by Ctrl-C.'],
    ]),
    ...nouns.flatMap((noun) => {
      const own = commands.filter((command) => command.path[0] === noun.name)
      return [`## ${noun.name}`, ...own.map((command) => writeCommand(command))]
    }),
  ].join('\n\n')}\n`
}

function commandTable(commands: readonly Command[]): string {
  return rowsTable(
    'Command',
    commands.map((command) => [synopsis(command), `${command.summary}.`]),
  )
}

function writeCommand(command: Command): string {
  const parts = command.path.length === 1 ? [] : [`### ${command.path.join(' ')}`]
  parts.push(`${command.summary}.${command.description === undefined ? '' : ` ${command.description}`}`)
  parts.push(['```text', `${synopsis(command)} [FLAGS]`, '```'].join('\n'))
  if ((command.arguments ?? []).length > 0)
    parts.push(
      rowsTable(
        'Argument',
        (command.arguments ?? []).map((item) => [item.name, item.description]),
      ),
    )
  if ((command.flags ?? []).length > 0) parts.push(rowsTable('Flag', flagRows(command.flags ?? [])))
  const lines = command.examples.map(({ line, says }) => `# ${says}\n${line}`)
  parts.push(['```sh', lines.join('\n\n'), '```'].join('\n'))
  if (command.operations.length > 0)
    parts.push(
      `API: ${command.operations.map((id) => `[\`${id}\`](${pageOf(id)}#${id.toLowerCase().replaceAll('.', '')})`).join(', ')}.`,
    )
  return parts.join('\n\n')
}

function rowsTable(title: string, rows: readonly (readonly [string, string])[]): string {
  return [
    `| ${title} | Meaning |`,
    '|---|---|',
    ...rows.map(([name, says]) => `| \`${escape(name)}\` | ${escape(says).replaceAll('<', '&lt;')} |`),
  ].join('\n')
}

function escape(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

/** Staff have an API of their own, with a page of its own; its operations begin with the word. */
function pageOf(operation: string): string {
  return /^staff[A-Z]/.test(operation) ? 'staff.md' : 'api.md'
}
