import { CHOICES } from '@bulkhead/sdk'
import {
  argument,
  choice,
  instant,
  optionalArgument,
  requiredText,
  text,
  texts,
  type Command,
} from '../command.ts'
import { UsageError } from '../failure.ts'
import { readInput, writeOutput } from '../files.ts'
import { clock, parseInstant, relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { countsOf, paintState } from '../states.ts'
import { table } from '../table.ts'
import { cleanLines } from '../text.ts'
import { timelineLine } from '../timeline.ts'
import { dismissOutcomes, outcomes } from './message-outcomes.ts'
import { resendCommand } from './message-resend.ts'
import { showMessageCommand } from './message-show.ts'
import { messageWebhooksCommand } from './message-webhooks.ts'

const message = argument('MESSAGE', 'Id of the message, msg_….')
const state = choice('state', CHOICES['messages.list'].state, 'Only messages with a recipient in this state.')
const lane = choice('lane', CHOICES['messages.list'].lane, 'Only this lane.')
const tag = text('tag', 'TAG', 'Only messages with this tag.')
const from = text('from', 'ADDRESS', 'Only messages from this exact address.')
const words = text(
  'words',
  'WORDS',
  'Only messages in whose subject, From, To, tags or metadata these words stand.',
)
const recipient = text('recipient', 'ADDRESS', 'Only messages to this exact address.')
const since = instant('since', 'past', 'Only messages accepted from then on.')
const until = instant('until', 'past', 'Only messages accepted before.')

const list: Command = {
  path: ['messages', 'list'],
  summary: 'List messages, newest first',
  operations: ['messages.list'],
  flags: [state, lane, tag, from, words, recipient, since, until, ...listFlags],
  examples: [
    { line: 'bulkhead messages list', says: 'the last messages' },
    { line: 'bulkhead messages list --state bounced --since 1d', says: 'what bounced since yesterday' },
    {
      line: 'bulkhead messages list --recipient ann@example.com --all --json',
      says: 'all mail to one person, for a program',
    },
  ],
  run: (context, given) => {
    const client = context.client()
    const filter = {
      state: given.flag(state),
      lane: given.flag(lane),
      tag: given.flag(tag),
      from: given.flag(from),
      words: given.flag(words),
      recipient: given.flag(recipient),
      since: given.flag(since),
      until: given.flag(until),
    }
    return showList(
      context,
      given,
      (page) => client.messages.list({ ...filter, ...page }),
      (items, screen) =>
        table(
          [
            { title: 'MESSAGE', of: (row) => row.id, whole: true },
            { title: 'ACCEPTED', of: (row) => relative(row.createdAt, screen.now) },
            { title: 'LANE', of: (row) => row.lane },
            {
              title: 'TO',
              of: (row) =>
                `${row.to[0] ?? '-'}${row.recipientCount > 1 ? ` +${row.recipientCount - 1}` : ''}`,
            },
            { title: 'SUBJECT', of: (row) => row.subject ?? (row.sensitive ? '(sensitive)' : '-') },
            {
              title: 'STATES',
              of: (row) => countsOf(row.states),
              paint: (cell, row) => paintState(Object.keys(row.states)[0] ?? '', cell, screen.paint),
            },
          ],
          items,
          screen,
        ),
      'No messages match. Send one with: bulkhead send --help.',
    )
  },
}

const only = optionalArgument('MESSAGE', 'Only events of this message.')
const types = texts('type', 'TYPE', 'Only events of this type, such as delivered or message.bounced.')
const resume = text('last-event-id', 'ID', 'Go on behind this event: id of an earlier --json line.')

const tail: Command = {
  path: ['messages', 'tail'],
  summary: 'Watch what happens to messages, live',
  description:
    'A lost connection comes back by itself and goes on behind the last event shown. Ctrl-C ends it. With --json each event is one line; its id can be given to --last-event-id later.',
  operations: ['events.stream'],
  arguments: [only],
  flags: [types, resume],
  examples: [
    { line: 'bulkhead messages tail', says: 'everything, as it happens' },
    { line: 'bulkhead messages tail --type bounced --type expired', says: 'only what went wrong' },
    { line: 'bulkhead messages tail --json | jq -r .data.messageId', says: 'into another program' },
  ],
  async run(context, given) {
    const wanted = new Set(given.flag(types).map((type) => (type.includes('.') ? type : `message.${type}`)))
    const messageId = given.argument(only)
    const stream = context.client().events.stream({
      signal: context.signal,
      lastEventId: given.flag(resume),
      onConnection: (connection) =>
        context.out.note(
          context.out.paint.dim(
            connection === 'connected'
              ? 'Connected; waiting for events. Ctrl-C ends.'
              : 'Connection lost; trying again …',
          ),
        ),
    })
    for await (const event of stream) {
      if (wanted.size > 0 && !wanted.has(event.type)) continue
      if (messageId !== undefined && event.data.messageId !== messageId) continue
      const whom =
        event.data.recipient === null
          ? event.data.messageId
          : `${event.data.messageId} #${event.data.recipient}`
      context.out.line(event, (screen) => timelineLine(event.data, whom, screen))
    }
  },
}

const cancel: Command = {
  path: ['messages', 'cancel'],
  summary: 'Cancel the recipients of a message that still wait',
  description: 'What has been delivered, or is being delivered at this moment, cannot be taken back.',
  operations: ['messages.cancel'],
  arguments: [message],
  examples: [{ line: 'bulkhead messages cancel msg_01jq…', says: 'stop what has not gone out' }],
  async run(context, given) {
    const result = await context.client().messages.cancel(given.argument(message))
    context.out.show(result, () => {
      const flight =
        result.inFlight === 0 ? '' : ` ${result.inFlight} are being attempted right now and could not be.`
      return `Cancelled ${result.cancelled} of the recipients.${flight}\n`
    })
  },
}

const sendAt = requiredText(
  'send-at',
  'TIME',
  'The new time: 2026-01-31T09:00:00Z, or a span from now such as 2h.',
)
const expiresAt = instant('expires-at', 'future', 'Give up then.')

const reschedule: Command = {
  path: ['messages', 'reschedule'],
  summary: 'Move the recipients that still wait to another time',
  operations: ['messages.reschedule'],
  arguments: [message],
  flags: [sendAt, expiresAt],
  examples: [
    { line: 'bulkhead messages reschedule msg_01jq… --send-at 2h', says: 'two hours from now' },
    { line: 'bulkhead messages reschedule msg_01jq… --send-at 0s', says: 'now' },
  ],
  async run(context, given) {
    const at = parseInstant(given.flag(sendAt), 'future', context.now())
    if (at === null)
      throw new UsageError(
        `--send-at ${given.flag(sendAt)}: write a time such as 2026-01-31T09:00:00Z or a span such as 2h.`,
      )
    const result = await context
      .client()
      .messages.reschedule(given.argument(message), { sendAt: at, expiresAt: given.flag(expiresAt) })
    context.out.show(
      result,
      () =>
        `Moved ${result.rescheduled} of the recipients to ${clock(result.sendAt)} UTC; giving up at ${clock(result.expiresAt)} UTC.\n`,
    )
  },
}

const output = text('output', 'FILE', 'Write to a file instead of standard output.')

const part = choice(
  'part',
  ['html', 'text', 'headers', 'attachments'],
  'Only this of it, taken apart and decoded.',
)

const content: Command = {
  path: ['messages', 'content'],
  summary: 'Print the MIME message as it was accepted',
  description:
    'Refused for sensitive messages. On a terminal, control characters are replaced; a file or pipe gets every byte.',
  operations: ['messages.getContent', 'messages.getParts'],
  arguments: [message],
  flags: [output, part],
  examples: [
    { line: 'bulkhead messages content msg_01jq… --output message.eml', says: 'save it' },
    { line: 'bulkhead messages content msg_01jq… --part text', says: 'what it says' },
  ],
  async run(context, given) {
    const wanted = given.flag(part)
    if (wanted !== undefined) {
      const parts = await context.client().messages.getParts(given.argument(message))
      const { headers, attachments } = parts
      const texts = {
        html: parts.html ?? '',
        text: parts.text ?? '',
        headers: headers.map(({ name, value }) => `${name}: ${value}\n`).join(''),
        attachments: attachments
          .map(({ filename, contentType, sizeBytes }) => `${filename ?? '-'}\t${contentType}\t${sizeBytes}\n`)
          .join(''),
      }
      context.out.show({ [wanted]: { ...parts }[wanted] }, () => cleanLines(texts[wanted]))
      return
    }
    const source = await context.client().messages.getContent(given.argument(message))
    const path = given.flag(output)
    if (path === undefined && context.out.toTerminal)
      context.out.raw(cleanLines(new TextDecoder().decode(source)))
    else writeOutput(context, path, source)
  },
}

const BATCH_MAX = 500
const BATCH_MS = 240_000
const BATCH_FILE_BYTES_MAX = 200 * 1024 * 1024
const file = argument(
  'FILE',
  'JSON Lines: one message per line, as POST /v1/messages takes it; - for standard input.',
)
const batchKey = text(
  'idempotency-key',
  'KEY',
  'Run the same file again with the same key, and what was sent is not sent twice.',
)

const sendBatch: Command = {
  path: ['messages', 'send-batch'],
  summary: 'Send many messages from a file',
  description:
    'Each line is a message of its own: one that is refused does not stop the others. Refused lines are listed with their cause, and the exit code is then 1.',
  operations: ['messages.sendBatch'],
  arguments: [file],
  flags: [batchKey],
  examples: [
    {
      line: 'bulkhead messages send-batch invoices.jsonl --idempotency-key invoices-2026-01',
      says: 'send all; safe to repeat',
    },
    {
      line: 'head -1 invoices.jsonl',
      says: '{"from":"shop@example.test","to":"ann@example.com","subject":"Invoice","text":"…"}',
    },
  ],
  async run(context, given) {
    const messages = parseLines(await readInput(context, given.argument(file), BATCH_FILE_BYTES_MAX))
    if (messages.length === 0) throw new UsageError(`${given.argument(file)} holds no messages.`)
    const client = context.client()
    const key = given.flag(batchKey)
    const progress = context.out.progress('Sending', messages.length)
    const refused: { line: number; problem: string }[] = []
    let accepted = 0
    for (let start = 0; start < messages.length; start += BATCH_MAX) {
      const part = messages.slice(start, start + BATCH_MAX)
      const answer = await client.messages.sendBatch(
        { messages: part.map((item) => item.value) },
        { idempotencyKey: key === undefined ? undefined : `${key}/${start}`, timeoutMs: BATCH_MS },
      )
      accepted += answer.accepted
      for (const outcome of answer.data) {
        if (outcome.problem !== undefined)
          refused.push({ line: part[outcome.index]?.line ?? 0, problem: outcome.problem.detail })
      }
      progress.advance(part.length)
    }
    progress.end()
    context.out.show({ accepted, refused }, (screen) =>
      [
        `Accepted ${accepted} of ${messages.length}.\n`,
        refused.length === 0
          ? ''
          : table(
              [
                { title: 'LINE', of: (row) => String(row.line), align: 'right' },
                { title: 'REFUSED BECAUSE', of: (row) => row.problem },
              ],
              refused,
              screen,
            ),
      ].join(''),
    )
    return refused.length === 0 ? 0 : 1
  },
}

function parseLines(source: Buffer) {
  return source
    .toString('utf8')
    .split('\n')
    .map((line, index) => ({ line: index + 1, text: line.trim() }))
    .filter(({ text: line }) => line !== '')
    .map(({ line, text: json }) => {
      try {
        return { line, value: JSON.parse(json) }
      } catch (error) {
        throw new UsageError(
          `Line ${line} is not JSON: ${error instanceof Error ? error.message : 'unreadable'}. Nothing was sent.`,
        )
      }
    })
}

export const messageCommands: readonly Command[] = [
  list,
  showMessageCommand,
  tail,
  cancel,
  reschedule,
  resendCommand,
  messageWebhooksCommand,
  outcomes,
  dismissOutcomes,
  content,
  sendBatch,
]
