import { text, texts, type Command } from '../command.ts'
import { listFlags, showList } from '../listing.ts'
import { table } from '../table.ts'

const begins = text('begins', 'TEXT', 'Only tags that begin with it.')
const tags = texts('tag', 'TAG', 'The tag; repeat it for several.')
const since = text('since', 'DAY', 'The first day, such as 2026-01-31, UTC. Default 30 days.')
const until = text('until', 'DAY', 'The last day, UTC. Default today.')

const list: Command = {
  path: ['tags', 'list'],
  summary: 'List the tags in use, with what happened to their mail in 30 days',
  operations: ['tags.list'],
  flags: [begins, ...listFlags],
  examples: [{ line: 'bulkhead tags list', says: 'by name' }],
  run: (context, given) => {
    const client = context.client()
    const filter = { begins: given.flag(begins) }
    return showList(
      context,
      given,
      (page) => client.tags.list({ ...filter, ...page }),
      (items, screen) =>
        table(
          [
            { title: 'TAG', of: (row) => row.tag },
            { title: 'ACCEPTED', of: (row) => String(row.counts.accepted) },
            { title: 'DELIVERED', of: (row) => String(row.counts.delivered) },
            { title: 'BOUNCED', of: (row) => String(row.counts.bounced) },
            { title: 'SUPPRESSED', of: (row) => String(row.counts.suppressed) },
            { title: 'OPENED', of: (row) => String(row.counts.opened) },
            { title: 'CLICKED', of: (row) => String(row.counts.clicked) },
            { title: 'COMPLAINED', of: (row) => String(row.counts.complained) },
          ],
          items,
          screen,
        ),
      'No tags in the last 30 days.',
    )
  },
}

const statistics: Command = {
  path: ['tags', 'statistics'],
  summary: 'Show what happened to the mail of tags, day by day',
  operations: ['tags.statistics'],
  flags: [tags, since, until],
  examples: [{ line: 'bulkhead tags statistics --tag news --since 2026-11-01', says: 'since a day' }],
  async run(context, given) {
    const found = await context.client().tags.statistics({
      tag: [...given.flag(tags)],
      since: given.flag(since),
      until: given.flag(until),
    })
    const rows = found.data.flatMap(({ tag, days }) =>
      days
        .filter(({ counts }) => Object.values(counts).some((count) => count > 0))
        .map((day) => ({ tag, ...day })),
    )
    context.out.show(found, (screen) =>
      table(
        [
          { title: 'TAG', of: (row) => row.tag },
          { title: 'DAY', of: (row) => row.day },
          { title: 'ACCEPTED', of: (row) => String(row.counts.accepted) },
          { title: 'DELIVERED', of: (row) => String(row.counts.delivered) },
          { title: 'BOUNCED', of: (row) => String(row.counts.bounced) },
          { title: 'OPENED', of: (row) => String(row.counts.opened) },
          { title: 'CLICKED', of: (row) => String(row.counts.clicked) },
        ],
        rows,
        screen,
      ),
    )
  },
}

export const tagCommands: readonly Command[] = [list, statistics]
