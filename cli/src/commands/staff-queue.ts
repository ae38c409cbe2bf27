import { instant, text, toggle, type Command, type Context, type Given } from '../command.ts'
import { UsageError } from '../failure.ts'
import { listFlags, showList } from '../listing.ts'
import { MOVING, STANDING, filterOf } from './queue-flags.ts'
import { renderAct, renderActs, renderPreview } from './queue-views.ts'

const workspace = text('workspace', 'ID', 'The workspace, ws_…; left out: all.')
const until = instant('until', 'future', 'When it ends by itself. Default: when the operator resumes it.')
const yes = toggle('yes', 'Do it. Without: only show what it would touch.')
const reason = text('reason', 'TEXT', 'Why; needed with --yes. Whose mail it is reads it.')
const open = toggle('open', 'Only acts that have not ended.')

async function takeAway(context: Context, given: Given, act: 'pause' | 'hold'): Promise<void> {
  const { staffQueueActs } = context.staff()
  const told = given.flag(reason)
  if (given.flag(yes) && told === undefined) throw new UsageError('--reason is missing: say why it is done.')
  const workspaceId = given.flag(workspace)
  const shown = await staffQueueActs.preview({
    workspaceId,
    act,
    filter: filterOf(given),
    until: act === 'pause' ? given.flag(until) : undefined,
  })
  if (!given.flag(yes) || told === undefined) {
    context.out.show(shown, (screen) => renderPreview(shown, screen))
    context.out.note(context.out.paint.dim('Nothing was done. To do it: the same with --yes --reason "…"'))
    return
  }
  const made = await staffQueueActs.create({
    workspaceId,
    token: shown.token,
    expected: shown.expected,
    reason: told,
  })
  context.out.show(made, (screen) => renderAct(made, screen))
}

const pause: Command = {
  path: ['staff', 'pause'],
  summary: 'Stop mail from leaving, also what comes later, as staff',
  description: 'Only the operator resumes it. Without --yes it only shows what it would touch.',
  operations: ['staffQueueActs.preview', 'staffQueueActs.create'],
  flags: [workspace, ...STANDING, until, yes, reason],
  examples: [
    {
      line: 'bulkhead staff pause --workspace ws_01j… --lane bulk --until 2h --yes --reason "We look at it"',
      says: 'no bulk mail of a workspace for two hours',
    },
  ],
  run: (context, given) => takeAway(context, given, 'pause'),
}

const hold: Command = {
  path: ['staff', 'hold'],
  summary: 'Hold what waits now, as staff',
  description: 'Only the operator releases it. Without --yes it only shows what it would touch.',
  operations: ['staffQueueActs.preview', 'staffQueueActs.create'],
  flags: [workspace, ...STANDING, ...MOVING, yes, reason],
  examples: [
    {
      line: 'bulkhead staff hold --workspace ws_01j… --yes --reason "We look at it"',
      says: 'what waits of a workspace',
    },
  ],
  run: (context, given) => takeAway(context, given, 'hold'),
}

const acts: Command = {
  path: ['staff', 'acts'],
  summary: 'List acts on the queue, newest first',
  operations: ['staffQueueActs.list'],
  flags: [workspace, open, ...listFlags],
  examples: [{ line: 'bulkhead staff acts --open', says: 'what is paused or held, and by whom?' }],
  run: (context, given) => {
    const { staffQueueActs } = context.staff()
    return showList(
      context,
      given,
      (page) =>
        staffQueueActs.list({
          ...page,
          workspaceId: given.flag(workspace),
          state: given.flag(open) ? 'open' : 'all',
        }),
      renderActs,
      'No acts.',
    )
  },
}

export const staffQueueCommands: readonly Command[] = [pause, hold, acts]
