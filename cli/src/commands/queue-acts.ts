import type { Client, QueueAct } from '@bulkhead/sdk'
import { argument, instant, optionalArgument, requiredText, text, toggle } from '../command.ts'
import type { Command, Context, Flag, Given } from '../command.ts'
import { UsageError } from '../failure.ts'
import { listFlags, showList } from '../listing.ts'
import { MOVING, STANDING, count, filterOf, span } from './queue-flags.ts'
import { renderAct, renderActs, renderPreview } from './queue-views.ts'

type Kind = QueueAct['kind']

const installation = toggle('installation', 'Mail of the whole installation, with the operator’s key.')
const workspace = text('workspace', 'ID', 'With --installation: only the mail of this workspace, ws_….')
const yes = toggle('yes', 'Do it. Without: only show what it would touch.')
const expect = count('expect', 'Refuse unless it touches this many recipients, as a preview showed.')
const reason = text('reason', 'TEXT', 'Why; needed with --yes. Whose mail it is reads it.')
const why = requiredText('reason', 'TEXT', 'Why.')
const until = instant('until', 'future', 'When the pause ends by itself. Default: when it is resumed.')
const spread = span('spread', 'Over how long the mail becomes due. Default 1m.')
const grace = span('grace', 'How long it can be undone. Default 10m.')
const now = toggle('now', 'No time of grace: it ends at once. Needs --expect with the number of recipients.')
const open = toggle('open', 'Only acts that have not ended.')
const actId = argument('ACT', 'Its id, qac_….')
const maybeAct = optionalArgument('ACT', 'A hold, qac_…: all that it holds. Left out: what the flags name.')

/** The same calls for a workspace's own key and the operator's. */
function queueOf(context: Context, given: Given) {
  if (!given.flag(installation)) return context.client().queueActs
  const { installationQueueActs } = context.operator()
  const workspaceId = given.flag(workspace)
  return {
    ...installationQueueActs,
    preview: (input: Parameters<Client['queueActs']['preview']>[0]) =>
      installationQueueActs.preview({ ...input, workspaceId }),
    create: (input: Parameters<Client['queueActs']['create']>[0]) =>
      installationQueueActs.create({ ...input, workspaceId }),
    list: (input: Parameters<Client['queueActs']['list']>[0]) =>
      installationQueueActs.list({ ...input, workspaceId }),
  }
}

/** Shows what an act would touch and, with --yes, does just that. */
async function actOn(context: Context, given: Given, kind: Kind): Promise<void> {
  const queue = queueOf(context, given)
  const isNow = kind === 'expire' && given.flag(now)
  const told = given.flag(reason)
  const expected = given.flag(expect)
  if (given.flag(yes) && told === undefined) throw new UsageError('--reason is missing: say why it is done.')
  if (given.flag(yes) && isNow && expected === undefined)
    throw new UsageError('--expect is missing: name how many recipients are to end, as the preview shows.')
  const shown = await queue.preview({
    act: kind,
    filter: filterOf(given),
    until: kind === 'pause' ? given.flag(until) : undefined,
    graceSeconds: kind === 'expire' ? (isNow ? 0 : given.flag(grace)) : undefined,
    spreadSeconds: kind === 'requeue' ? given.flag(spread) : undefined,
  })
  if (!given.flag(yes) || told === undefined) {
    context.out.show(shown, (screen) => renderPreview(shown, screen))
    if (shown.expected > 0 || kind === 'pause')
      context.out.note(
        context.out.paint.dim(
          `Nothing was done. To do it: the same with --yes --reason "…"${isNow ? ` --expect ${shown.expected}` : ''}`,
        ),
      )
    return
  }
  if (expected !== undefined && expected !== shown.expected)
    throw new UsageError(
      `It would touch ${shown.expected} recipients and not ${expected}. Nothing was done; look at the preview again.`,
    )
  const made = await queue.create({ token: shown.token, expected: shown.expected, reason: told })
  context.out.show(made, (screen) => renderAct(made, screen))
}

const act = (
  kind: Kind,
  summary: string,
  description: string,
  own: readonly Flag<unknown>[],
  examples: Command['examples'],
): Command => ({
  path: ['queue', kind],
  summary,
  description: `${description} Without --yes it only shows what it would touch.`,
  operations: [
    'queueActs.preview',
    'queueActs.create',
    'installationQueueActs.preview',
    'installationQueueActs.create',
  ],
  flags: [...own, yes, reason, expect, installation, workspace],
  examples,
  run: (context, given) => actOn(context, given, kind),
})

const pause = act(
  'pause',
  'Stop mail from leaving until it is resumed, also what comes later',
  'Mail is accepted and held. What is being attempted goes on, and is held when it comes back.',
  [...STANDING, until],
  [
    { line: 'bulkhead queue pause --tag summer', says: 'what would be stopped' },
    {
      line: 'bulkhead queue pause --provider google --lane bulk --until 2h --yes --reason "Blocked there"',
      says: 'no bulk mail to one provider for two hours',
    },
  ],
)

const hold = act(
  'hold',
  'Hold what waits now',
  'What is accepted later goes on.',
  [...STANDING, ...MOVING],
  [
    {
      line: 'bulkhead queue hold --attempts 5 --reply 4.7 --yes --reason "Look at it"',
      says: 'mail that was put off for policy, again and again',
    },
  ],
)

const requeue = act(
  'requeue',
  'Make deferred mail due now',
  'Spread over a time, so that no site is flooded; scheduled mail keeps its time.',
  [...STANDING, ...MOVING, spread],
  [
    {
      line: 'bulkhead queue requeue --site "mx.example.com" --spread 10m --yes --reason "They are back"',
      says: 'a site that was away is back',
    },
  ],
)

const expire = act(
  'expire',
  'End mail that waits',
  'It is held first, and ends after a time of grace in which bulkhead queue undo brings it back.',
  [...STANDING, ...MOVING, grace, now],
  [
    { line: 'bulkhead queue expire --message msg_01j…', says: 'what would end' },
    {
      line: 'bulkhead queue expire --tag wrong --yes --reason "Sent by mistake"',
      says: 'ten minutes to think of it',
    },
  ],
)

const release: Command = {
  path: ['queue', 'release'],
  summary: 'End holds: of one act, or of what the flags name',
  description:
    'Mail goes on in its old order. What a pause, somebody of the installation or a new sender holds stays held. Without --yes it only shows what it would touch.',
  operations: [
    'queueActs.preview',
    'queueActs.create',
    'queueActs.undo',
    'installationQueueActs.preview',
    'installationQueueActs.create',
    'installationQueueActs.undo',
  ],
  arguments: [maybeAct],
  flags: [...STANDING, ...MOVING, yes, reason, expect, installation, workspace],
  examples: [
    { line: 'bulkhead queue release qac_01j… --yes --reason "It is fine"', says: 'all that one act holds' },
    { line: 'bulkhead queue release --tag summer', says: 'what would be free' },
  ],
  async run(context, given) {
    const id = given.argument(maybeAct)
    if (id === undefined) return actOn(context, given, 'release')
    const told = given.flag(reason)
    if (!given.flag(yes)) return showAct(context, given, id)
    if (told === undefined) throw new UsageError('--reason is missing: say why it is done.')
    return undoIt(context, given, id, told)
  },
}

async function showAct(context: Context, given: Given, id: string): Promise<void> {
  const found = await queueOf(context, given).get(id)
  context.out.show(found, (screen) => renderAct(found, screen))
}

async function undoIt(context: Context, given: Given, id: string, told: string): Promise<void> {
  const made = await queueOf(context, given).undo(id, { reason: told })
  context.out.show(made, (screen) => renderAct(made, screen))
}

const resume: Command = {
  path: ['queue', 'resume'],
  summary: 'End a pause',
  description: 'What it held goes on in its old order, but for what something else holds too.',
  operations: ['queueActs.undo', 'installationQueueActs.undo'],
  arguments: [actId],
  flags: [why, installation],
  examples: [{ line: 'bulkhead queue resume qac_01j… --reason "They are back"', says: 'let it go on' }],
  run: (context, given) => undoIt(context, given, given.argument(actId), given.flag(why)),
}

const undo: Command = {
  path: ['queue', 'undo'],
  summary: 'Take back an act, also one that is at work',
  description: 'bulkhead queue show tells what can be taken back. What was sent or has expired stays so.',
  operations: ['queueActs.undo', 'installationQueueActs.undo'],
  arguments: [actId],
  flags: [why, installation],
  examples: [{ line: 'bulkhead queue undo qac_01j… --reason "Wrong tag"', says: 'as if it had not been' }],
  run: (context, given) => undoIt(context, given, given.argument(actId), given.flag(why)),
}

const cancel: Command = {
  path: ['queue', 'cancel'],
  summary: 'Stop an act that is at work where it is',
  description:
    'What it did by then stays; bulkhead queue undo takes that back. A pause is ended with bulkhead queue resume.',
  operations: ['queueActs.cancel', 'installationQueueActs.cancel'],
  arguments: [actId],
  flags: [installation],
  examples: [{ line: 'bulkhead queue cancel qac_01j…', says: 'no further; what is held stays held' }],
  async run(context, given) {
    const made = await queueOf(context, given).cancel(given.argument(actId))
    context.out.show(made, (screen) => renderAct(made, screen))
  },
}

const show: Command = {
  path: ['queue', 'show'],
  summary: 'Show an act: what it is about, how far it is, what undo would do',
  operations: ['queueActs.get', 'installationQueueActs.get'],
  arguments: [actId],
  flags: [installation],
  examples: [{ line: 'bulkhead queue show qac_01j…', says: 'how far is it?' }],
  run: (context, given) => showAct(context, given, given.argument(actId)),
}

const acts: Command = {
  path: ['queue', 'acts'],
  summary: 'List acts on the queue, newest first',
  operations: ['queueActs.list', 'installationQueueActs.list'],
  flags: [open, installation, workspace, ...listFlags],
  examples: [{ line: 'bulkhead queue acts --open', says: 'what is paused or held, and by whom?' }],
  run: (context, given) => {
    const queue = queueOf(context, given)
    return showList(
      context,
      given,
      (page) => queue.list({ ...page, state: given.flag(open) ? 'open' : 'all' }),
      renderActs,
      'No acts.',
    )
  },
}

export const queueActCommands: readonly Command[] = [
  pause,
  resume,
  hold,
  release,
  requeue,
  expire,
  acts,
  show,
  cancel,
  undo,
]
