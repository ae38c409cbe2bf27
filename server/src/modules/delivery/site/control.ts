import type { Limits } from '../../shaping/index.ts'
import type { Budgets, ShareUse } from '../../sources/index.ts'
import { createPace, type Rate } from './pace.ts'

export interface ControlDependencies {
  /** What shares are asked for by, the same at all senders. */
  readonly name: string
  readonly limits: () => Limits
  /** Null: a limit holds for this sender alone (a relay of ours). */
  readonly budgets: Pick<Budgets, 'share'> | null
  readonly nowMs: () => number
}

/**
 * What all connections to a site have in common, whatever source they come from: how many there may be, and how fast. Limits hold over
 * all senders on all hosts: what this one may use now is its share.
 */
export interface SiteControl {
  /** Connections that may be open now, over all sources. `open` are, `need` could be used. */
  connectionsAllowed(open: number, need: number): number
  /**
   * Connections that may stay open while nothing waits here: `busy` of the `open` ones work, the others are idle. Says at the same time what
   * is open, so that other senders get the rest; whoever never said so would keep their part for a minute.
   */
  connectionsKept(busy: number, open: number): number
  takeConnect(): boolean
  /** When a connection could be opened; 0: now. */
  connectReadyInMs(): number
  /** One message to the site, and to its provider. */
  takeMessage(): boolean
  /** When a message could go; 0: now. */
  messageReadyInMs(): number
  giveBackMessage(): void
}

export function createSiteControl(deps: ControlDependencies, provider: ProviderControl | null): SiteControl {
  const { budgets, nowMs } = deps
  const shareOf = (what: string, limit: number, use?: ShareUse): number =>
    budgets === null ? limit : budgets.share(`site ${what} ${deps.name}`, limit, use)
  const messages = createPace({
    nowMs,
    rate: () => sharedRate(deps.limits().messageRate, (count) => shareOf('messages', count)),
  })
  const connects = createPace({
    nowMs,
    rate: () => sharedRate(deps.limits().connectionRate, (count) => shareOf('connects', count)),
  })

  return {
    connectionsAllowed(open, need) {
      const limit = deps.limits().connections
      const own = shareOf('connections', limit, { inUse: open, need: Math.min(need, limit) })
      return provider === null ? own : Math.min(own, open + provider.connectionsFree(need - open))
    },
    connectionsKept(busy, open) {
      provider?.tell()
      const limit = deps.limits().connections
      return shareOf('connections', limit, { inUse: busy, need: Math.min(open, limit) })
    },
    takeConnect: () => connects.take(),
    connectReadyInMs: () => connects.readyInMs(),
    takeMessage() {
      if (!messages.take()) return false
      if (provider === null || provider.takeMessage()) return true
      messages.giveBack()
      return false
    },
    messageReadyInMs: () => Math.max(messages.readyInMs(), provider?.messageReadyInMs() ?? 0),
    giveBackMessage() {
      messages.giveBack()
      provider?.giveBackMessage()
    },
  }
}

/**
 * What the connections from one source to a site have in common, where rules or what was learnt say less of that source than of the site:
 * its own limits, and those of the site.
 */
export function createSourceControl(
  deps: Omit<ControlDependencies, 'limits'> & {
    readonly source: string
    readonly limits: () => Limits
    readonly siteLimits: () => Limits
    /** Connections of the source to the site. */
    readonly open: () => number
  },
  site: SiteControl,
): SiteControl {
  const { budgets, nowMs } = deps
  const shareOf = (what: string, limit: number, use?: ShareUse): number =>
    budgets === null ? limit : budgets.share(`source ${what} ${deps.source} ${deps.name}`, limit, use)
  const own = (key: 'messageRate' | 'connectionRate', what: string) =>
    createPace({
      nowMs,
      rate: () => {
        const rate = deps.limits()[key]
        return isLess(rate, deps.siteLimits()[key]) ? sharedRate(rate, (count) => shareOf(what, count)) : null
      },
    })
  const messages = own('messageRate', 'messages')
  const connects = own('connectionRate', 'connects')

  return {
    connectionsAllowed(open, need) {
      const all = site.connectionsAllowed(open, need)
      const limit = deps.limits().connections
      if (limit >= deps.siteLimits().connections) return all
      const inUse = deps.open()
      const others = open - inUse
      return Math.min(
        all,
        others + shareOf('connections', limit, { inUse, need: Math.min(need - others, limit) }),
      )
    },
    connectionsKept(busy, open) {
      const all = site.connectionsKept(busy, open)
      const limit = deps.limits().connections
      if (limit >= deps.siteLimits().connections) return all
      const mine = deps.open()
      const use = { inUse: Math.max(0, mine - (open - busy)), need: Math.min(mine, limit) }
      return Math.min(all, open - mine + shareOf('connections', limit, use))
    },
    takeConnect() {
      if (!connects.take()) return false
      if (site.takeConnect()) return true
      connects.giveBack()
      return false
    },
    connectReadyInMs: () => Math.max(connects.readyInMs(), site.connectReadyInMs()),
    takeMessage() {
      if (!messages.take()) return false
      if (site.takeMessage()) return true
      messages.giveBack()
      return false
    },
    messageReadyInMs: () => Math.max(messages.readyInMs(), site.messageReadyInMs()),
    giveBackMessage() {
      messages.giveBack()
      site.giveBackMessage()
    },
  }
}

function isLess(rate: Rate | null, than: Rate | null): boolean {
  if (rate === null) return false
  return than === null || rate.count / rate.perSeconds < than.count / than.perSeconds
}

/** What all sites of a provider have in common. */
export interface ProviderControl {
  /** Connections that may be opened beyond those that are. */
  connectionsFree(more: number): number
  /** Says what is open while nothing more is wanted. */
  tell(): void
  opened(): void
  closed(): void
  takeMessage(): boolean
  giveBackMessage(): void
  messageReadyInMs(): number
}

export function createProviderControl(deps: {
  readonly provider: string
  /** The limits of the site that was resolved last: the keys of a provider are the same for all its sites. */
  readonly limits: () => Limits
  readonly budgets: { share: Budgets['share'] }
  readonly nowMs: () => number
}): ProviderControl {
  let open = 0
  const messages = createPace({
    nowMs: deps.nowMs,
    rate: () =>
      sharedRate(deps.limits().providerMessageRate, (count) =>
        deps.budgets.share(`provider messages ${deps.provider}`, count),
      ),
  })
  return {
    connectionsFree(more) {
      const limit = deps.limits().providerConnections
      if (limit === null) return Number.POSITIVE_INFINITY
      const need = Math.min(limit, open + Math.max(0, more))
      const share = deps.budgets.share(`provider connections ${deps.provider}`, limit, { inUse: open, need })
      return Math.max(0, share - open)
    },
    tell() {
      const limit = deps.limits().providerConnections
      if (limit === null) return
      deps.budgets.share(`provider connections ${deps.provider}`, limit, { inUse: open, need: open })
    },
    opened() {
      open += 1
    },
    closed() {
      open -= 1
    },
    takeMessage: () => messages.take(),
    giveBackMessage: () => messages.giveBack(),
    messageReadyInMs: () => messages.readyInMs(),
  }
}

/**
 * Of a rate that senders share, this one's part. Whoever has anything to send asks for the whole of it: a part that fitted what waits would
 * be a slow rate for one message.
 */
function sharedRate(rate: Rate | null, share: (count: number) => number): Rate | null {
  if (rate === null) return null
  // A rate with a fraction of a unit is a whole one in a longer time.
  const whole = Math.max(1, Math.floor(rate.count))
  const count = share(whole)
  return { count: count >= whole ? rate.count : count, perSeconds: rate.perSeconds }
}
