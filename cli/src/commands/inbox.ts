import type { InboxGetOutput } from '@bulkhead/sdk'
import { argument, optionalArgument, text, toggle, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'
import { writeOutput } from '../files.ts'
import { bytes, clock, relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { paintState } from '../states.ts'
import { facts, table, type Screen } from '../table.ts'
import { cleanLines } from '../text.ts'

const captured = argument('MAIL', 'Id of the captured mail, cap_….')
const message = text('message', 'MESSAGE', 'Only what came of this message, msg_….')

const list: Command = {
  path: ['inbox', 'list'],
  summary: 'List captured mail, newest first',
  description:
    'With BULKHEAD_OUTBOUND=capture, the default, all outgoing mail lands in this inbox instead of leaving the host.',
  operations: ['inbox.list'],
  flags: [message, ...listFlags],
  examples: [{ line: 'bulkhead inbox list', says: 'what would have been sent' }],
  run: (context, given) => {
    const client = context.client()
    return showList(
      context,
      given,
      (page) => client.inbox.list({ messageId: given.flag(message), ...page }),
      (items, screen) =>
        table(
          [
            { title: 'MAIL', of: (row) => row.id, whole: true },
            { title: 'RECEIVED', of: (row) => relative(row.receivedAt, screen.now) },
            { title: 'FROM', of: (row) => row.from },
            { title: 'TO', of: (row) => row.to.join(', ') },
            { title: 'SUBJECT', of: (row) => row.subject ?? '-' },
            { title: 'SIZE', of: (row) => bytes(row.sizeBytes), align: 'right' },
          ],
          items,
          screen,
        ),
      'The inbox is empty. Mail is captured when BULKHEAD_OUTBOUND is capture.',
    )
  },
}

const html = toggle('html', 'Show the HTML body instead of the text.')
const headers = toggle('headers', 'Show the header fields too.')

const show: Command = {
  path: ['inbox', 'show'],
  summary: 'Show a captured mail, with what a receiver would find fault with',
  operations: ['inbox.get'],
  arguments: [captured],
  flags: [html, headers],
  examples: [{ line: 'bulkhead inbox show cap_01jq… --headers', says: 'with its DKIM signatures' }],
  async run(context, given) {
    const found = await context.client().inbox.get(given.argument(captured))
    const body = given.flag(html) ? found.html : (found.text ?? found.html)
    context.out.show(found, (screen) => renderCaptured(found, body, given.flag(headers), screen))
  },
}

function renderCaptured(
  found: InboxGetOutput,
  body: string | null,
  withHeaders: boolean,
  screen: Screen,
): string {
  const { paint } = screen
  return [
    facts(
      [
        ['Mail', found.id],
        ['From', found.from],
        ['To', found.to.join(', ')],
        ['Subject', found.subject],
        ['Received', `${clock(found.receivedAt)} UTC`],
        ['Envelope', found.envelopeFrom],
        ['Message', found.messageId],
        ['Size', bytes(found.sizeBytes)],
      ],
      screen,
    ),
    ...found.checks.map(
      (check) =>
        `${paintState(check.state, check.state.padEnd(8), paint)} ${cleanLines(`${check.name}: ${check.detail}`)}\n`,
    ),
    withHeaders
      ? `\n${paint.dim('HEADER')}\n${facts(
          found.headers.map(({ name, value }) => [name, value] as const),
          screen,
        )}`
      : '',
    found.attachments.length === 0
      ? ''
      : `\n${table(
          [
            { title: '#', of: (row) => String(row.index), align: 'right' },
            { title: 'ATTACHMENT', of: (row) => row.filename ?? '-' },
            { title: 'TYPE', of: (row) => row.contentType },
            { title: 'SIZE', of: (row) => bytes(row.sizeBytes), align: 'right' },
          ],
          found.attachments,
          screen,
        )}`,
    `\n${cleanLines(body ?? '(no text)').trimEnd()}\n`,
  ].join('')
}

const output = text('output', 'FILE', 'Write to a file instead of standard output.')

const source: Command = {
  path: ['inbox', 'source'],
  summary: 'Print the source of a captured mail, byte for byte',
  description: 'On a terminal, control characters are replaced; a file or pipe gets every byte.',
  operations: ['inbox.source'],
  arguments: [captured],
  flags: [output],
  examples: [{ line: 'bulkhead inbox source cap_01jq… --output mail.eml', says: 'save it' }],
  async run(context, given) {
    const content = await context.client().inbox.source(given.argument(captured))
    const path = given.flag(output)
    if (path === undefined && context.out.toTerminal)
      context.out.raw(cleanLines(new TextDecoder().decode(content)))
    else writeOutput(context, path, content)
  },
}

const index = argument('NUMBER', 'Number of the attachment in bulkhead inbox show.')

const attachment: Command = {
  path: ['inbox', 'attachment'],
  summary: 'Save an attachment of a captured mail',
  operations: ['inbox.attachment'],
  arguments: [captured, index],
  flags: [output],
  examples: [{ line: 'bulkhead inbox attachment cap_01jq… 0 --output invoice.pdf', says: 'save it' }],
  async run(context, given) {
    const number = given.argument(index)
    if (!/^\d{1,5}$/.test(number)) throw new UsageError(`${number} is not the number of an attachment.`)
    const path = given.flag(output)
    if (path === undefined && context.out.toTerminal)
      throw new UsageError('An attachment is not printed on a terminal: give --output FILE.')
    writeOutput(
      context,
      path,
      await context.client().inbox.attachment(given.argument(captured), Number(number)),
    )
  },
}

const optional = optionalArgument('MAIL', 'Id of the captured mail; without it the whole inbox.')
const printOnly = toggle('print', 'Print the address instead of opening it.')

const open: Command = {
  path: ['inbox', 'open'],
  summary: 'Open the inbox in the browser',
  description: 'In development the address holds your key: do not pass it on.',
  operations: [],
  arguments: [optional],
  flags: [printOnly],
  examples: [{ line: 'bulkhead inbox open', says: 'the console, at the inbox' }],
  async run(context, given) {
    const id = given.argument(optional)
    const address = `${context.consoleUrl().replace(/\/$/, '')}/#/inbox${id === undefined ? '' : `/${encodeURIComponent(id)}`}`
    if (!given.flag(printOnly) && !context.out.json && (await openBrowser(context.spawn, address))) return
    context.out.show({ url: address }, () => `${address}\n`)
  },
}

const view: Command = {
  path: ['inbox', 'view'],
  summary: 'Open the HTML of a captured mail alone, as a receiver sees it',
  description:
    'The address holds no key, works for 60 seconds and for this mail only. Nothing in the mail can run or load from elsewhere.',
  operations: ['inbox.view'],
  arguments: [captured],
  flags: [printOnly],
  examples: [{ line: 'bulkhead inbox view cap_01jq…', says: 'in the browser' }],
  async run(context, given) {
    const ticket = await context.client().inbox.view(given.argument(captured))
    const address = new URL(ticket.url, context.consoleUrl()).href
    if (!given.flag(printOnly) && !context.out.json && (await openBrowser(context.spawn, address))) return
    context.out.show({ ...ticket, url: address }, () => `${address}\n`)
  },
}

/** Whether a browser was started; a host without a desktop has none. */
async function openBrowser(
  spawn: (file: string, args: readonly string[]) => Promise<number>,
  address: string,
): Promise<boolean> {
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open'
  return spawn(opener, [address]).then(
    (code) => code === 0,
    () => false,
  )
}

const clear: Command = {
  path: ['inbox', 'clear'],
  summary: 'Empty the inbox',
  operations: ['inbox.clear'],
  examples: [{ line: 'bulkhead inbox clear', says: 'before a new trial' }],
  async run(context) {
    await context.client().inbox.clear()
    context.out.show({ cleared: true }, () => 'The inbox is empty.\n')
  },
}

export const inboxCommands: readonly Command[] = [list, show, source, attachment, open, view, clear]
