import { getLedger, getMessage, listMessages } from '../../../modules/messages/index.ts'
import type { Messages } from '../../../modules/messages/index.ts'
import { getQuotas } from '../../../modules/quotas/index.ts'
import type { QuotasService } from '../../../modules/quotas/index.ts'
import { listSenders } from '../../../modules/senders/index.ts'
import type { Senders } from '../../../modules/senders/index.ts'
import type { StatisticsService } from '../../../modules/statistics/index.ts'
import { getWorkspace } from '../../../modules/workspaces/index.ts'
import type { Workspaces } from '../../../modules/workspaces/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorCall } from '../door.ts'
import { collect, eachOf } from '../listing.ts'
import { toldTime } from './checks.ts'
import { inTurn } from './message-search.ts'
import { route } from './routes.ts'
import { dailyCounts, NOTHING, reputationOf, sumOf, windowsOf } from './statistics.ts'
import type { Counts } from './statistics.ts'

export interface UserServices {
  readonly workspaces: Workspaces
  readonly statistics: StatisticsService
  readonly quotas: QuotasService
  readonly messages: Messages
  readonly senders: Senders
}

type Call = DoorCall<UserServices>

/** What stands for no limit: more than anybody sends. */
const UNLIMITED = 1_000_000_000
const HOURS = { minute: 1 / 60, hour: 1, day: 24, month: 720 } as const
const PONG = 'PONG!'

async function info(call: Call) {
  const workspace = await call.run(getWorkspace, {})
  const [days, quotas, ledger] = await Promise.all([
    dailyCounts(call),
    call.run(getQuotas, {}),
    call.run(getLedger, {}),
  ])
  const hourly = quotas.data
    .filter(({ scope, lane }) => scope !== 'credential' && lane === 'all')
    .map(({ amount, period }) => Math.floor(amount / HOURS[period]))
  return {
    username: workspace.name,
    created_at: toldTime(workspace.createdAt),
    public_id: workspace.id,
    reputation: reputationOf(sumOf(days.slice(-30))),
    hourly_quota: Math.min(UNLIMITED, ...hourly),
    backlog: waitingOf(ledger),
    stats: { ...windowsOf(days), all_time: sumOf(days) },
  }
}

/** The ledger names the states it counts; the schema of what it answers does not list them. */
function waitingOf(ledger: object): number {
  const counted = new Map<string, unknown>(Object.entries(ledger))
  return ['pending', 'held'].reduce((sum, state) => sum + Number(counted.get(state) ?? 0), 0)
}

/** Of how many of the newest messages it is told who sent them. */
const MESSAGES_LOOKED_AT = 1_000
/** Of how many of those that were delivered it is looked what their recipients did: each is opened whole for it. */
const MESSAGES_OPENED = 200

type Told = { -readonly [Name in keyof Counts]: number } & { created_at: string }
type Summary = NonNullable<(typeof listMessages)['types']>['output']['data'][number]
type Of = (email: string, at: string) => Told

/** Nothing is counted by sender here: these are counts of the newest messages, and addresses that were added and did not send. */
function senders(call: Call) {
  return inTurn(call.principal.workspaceId, async () => {
    const messages = await collect(
      (page) => call.run(listMessages, page),
      (items) => items.length >= MESSAGES_LOOKED_AT,
    )
    const added = await collect((page) => call.run(listSenders, page))
    const found = new Map<string, Told>()
    const of: Of = (email, at) => {
      const known = found.get(email) ?? { created_at: at, ...NOTHING }
      found.set(email, known)
      if (at < known.created_at) known.created_at = at
      return known
    }
    for (const message of messages) countStates(message, of)
    const delivered = messages.filter(({ states }) => (states.delivered ?? 0) > 0).slice(0, MESSAGES_OPENED)
    await eachOf(delivered, (message) => countReactions(call, message, of))
    for (const { email, createdAt } of added) of(email.toLowerCase(), createdAt)
    return [...found].map(([address, { created_at: at, ...counts }]) => ({
      address,
      created_at: toldTime(at),
      ...counts,
    }))
  })
}

function countStates({ from, states, createdAt }: Summary, of: Of): void {
  if (from === null) return
  const { delivered = 0, bounced = 0, expired = 0, uncertain = 0, suppressed = 0 } = states
  const told = of(from.email.toLowerCase(), createdAt)
  told.sent += delivered + bounced + expired + uncertain
  told.hard_bounces += bounced
  told.soft_bounces += expired + uncertain
  told.rejects += suppressed
}

/** What the recipients of a message did. */
async function countReactions(call: Call, { id, from, createdAt }: Summary, of: Of): Promise<void> {
  if (from === null) return
  const { timeline } = await call.run(getMessage, { messageId: id })
  const who = (type: string): readonly (number | null)[] =>
    timeline.filter((entry) => entry.type === type).map(({ recipient }) => recipient)
  const [opened, clicked] = [who('message.opened'), who('message.clicked')]
  const told = of(from.email.toLowerCase(), createdAt)
  told.complaints += who('message.complained').length
  told.unsubs += who('message.unsubscribed').length
  told.opens += opened.length
  told.clicks += clicked.length
  told.unique_opens += new Set(opened).size
  told.unique_clicks += new Set(clicked).size
}

/** Who calls. */
export const userRoutes = doorRoutes<UserServices>([
  route('users/ping', () => Promise.resolve(PONG)),
  route('users/ping2', () => Promise.resolve({ PING: PONG })),
  route('users/info', info),
  route('users/senders', senders),
  route('senders/list', senders),
])
