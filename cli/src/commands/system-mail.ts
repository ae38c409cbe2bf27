import { requiredText, type Command } from '../command.ts'
import { relative } from '../instants.ts'
import { facts, table } from '../table.ts'

const to = requiredText('to', 'ADDRESS', 'Who gets the test letter.')

const show: Command = {
  path: ['system-mail', 'show'],
  summary: "Show whether the installation's own mail can be sent, and its DNS records",
  description: "For the operator: needs the operator's key.",
  operations: ['systemMail.get'],
  examples: [{ line: 'bulkhead system-mail show', says: 'the records to publish for BULKHEAD_SYSTEM_FROM' }],
  async run(context) {
    const state = await context.operator().systemMail.get()
    context.out.show(
      state,
      (screen) =>
        facts(
          [
            ['From', state.from ?? 'unset'],
            ['Ready', state.ready ? screen.paint.green('yes') : screen.paint.red('no')],
            ['Domain', state.domain === null ? 'none' : `${state.domain.name}, ${state.domain.state}`],
            [
              'Waiting',
              state.oldestDue === null
                ? String(state.waiting)
                : `${state.waiting}, the oldest due ${relative(state.oldestDue, screen.now)}`,
            ],
          ],
          screen,
        ) +
        state.problems.map((problem) => `${screen.paint.yellow(problem)}\n`).join('') +
        (state.domain === null
          ? ''
          : `\n${table(
              [
                { title: 'STATE', of: (row) => row.state },
                { title: 'TYPE', of: (row) => row.type },
                { title: 'NAME', of: (row) => row.name, whole: true },
                { title: 'VALUE', of: (row) => row.value, whole: true },
              ],
              state.domain.records,
              screen,
            )}`),
    )
  },
}

const test: Command = {
  path: ['system-mail', 'test'],
  summary: 'Send a test letter as the installation',
  description: "For the operator: needs the operator's key.",
  operations: ['systemMail.test'],
  flags: [to],
  examples: [{ line: 'bulkhead system-mail test --to me@example.com', says: 'does it arrive?' }],
  async run(context, given) {
    const sent = await context.operator().systemMail.test({ to: given.flag(to) })
    context.out.show(sent, () => 'The letter is on its way.\n')
  },
}

export const systemMailCommands: readonly Command[] = [show, test]
