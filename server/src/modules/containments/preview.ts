import { deliverCapabilities, findBlocking, sendCapabilities } from '../../kernel/containment.ts'
import type { ActiveContainment, ActorClass, Capability } from '../../kernel/containment.ts'
import { LANES } from '../../kernel/lane.ts'
import type { Fact } from './containments-store.ts'

/** What one would contain, and whom one suspects (both `api_key:…`, or null). */
export interface PreviewWish {
  readonly workspaceId: string | null
  readonly subject: string | null
  readonly suspect: string | null
  readonly actorClass: ActorClass
  readonly capabilities: readonly Capability[]
}

export interface PreviewRate {
  readonly capability: Capability
  readonly actorClass: Exclude<ActorClass, 'any'>
  readonly actor: string | null
  readonly perMinute: number
  readonly blocked: boolean
  readonly suspicious: boolean
}

export interface Proposal {
  readonly subject: string | null
  readonly actorClass: ActorClass
  readonly capabilities: readonly Capability[]
  readonly collateralRatio: number | null
  readonly why: string
}

export interface PreviewResult {
  readonly rates: readonly PreviewRate[]
  readonly blockedPerMinute: number
  readonly suspiciousPerMinute: number
  readonly legitimatePerMinute: number
  /** Legitimate part of what would be blocked, 0 to 1; null where nothing would be. */
  readonly collateralRatio: number | null
  readonly waiting: readonly {
    readonly lane: string
    readonly recipients: number
    readonly blocked: number
  }[]
  readonly credentials: { readonly apiKeys: number; readonly smtpCredentials: number }
  readonly proposal: Proposal
}

/** From which share of what would be blocked one credential is the narrower proposal. */
const DOMINANT = 0.8

interface Use {
  readonly capability: Capability
  /** Any of these being contained stops it. */
  readonly needs: readonly Capability[]
  readonly actorClass: Exclude<ActorClass, 'any'>
  readonly actor: string | null
  readonly amount: number
}

/**
 * What a containment would have blocked in the last minutes, who would have paid for it, and the narrowest one that does the same. It judges
 * by the same rule as the guards. Acts are counted by their audit records; `capabilityOf` says what an action needs, null: nothing.
 */
export function previewOf(
  facts: readonly Fact[],
  wish: PreviewWish,
  minutes: number,
  capabilityOf: (action: string) => Capability | null,
): PreviewResult {
  const uses = facts.flatMap((fact) => useOf(fact, capabilityOf) ?? [])
  const rates = ratesOf(uses, wish, minutes)
  const { blocked, suspicious } = sumsOf(rates)
  return {
    rates,
    blockedPerMinute: blocked,
    suspiciousPerMinute: suspicious,
    legitimatePerMinute: blocked - suspicious,
    collateralRatio: blocked === 0 ? null : (blocked - suspicious) / blocked,
    waiting: waitingOf(facts, wish),
    credentials: {
      apiKeys: amountOf(facts, 'api_key'),
      smtpCredentials: amountOf(facts, 'smtp_credential'),
    },
    proposal: proposalOf(uses, facts, wish, minutes),
  }
}

function useOf(fact: Fact, capabilityOf: (action: string) => Capability | null): Use | null {
  const lane = LANES.find((name) => name === fact.name)
  const { actor, actor_class: actorClass, amount } = fact
  switch (fact.kind) {
    case 'accepted':
      return lane === undefined
        ? null
        : { capability: `send:${lane}`, needs: sendCapabilities(lane), actorClass, actor, amount }
    case 'delivered':
      return lane === undefined
        ? null
        : { capability: `deliver:${lane}`, needs: deliverCapabilities(lane), actorClass, actor, amount }
    case 'webhook':
      return { capability: 'webhook', needs: ['webhook'], actorClass, actor, amount }
    case 'act': {
      const capability = capabilityOf(fact.name)
      return capability === null ? null : { capability, needs: [capability], actorClass, actor, amount }
    }
    case 'waiting':
    case 'credential':
      return null
  }
}

function hypothetical(wish: PreviewWish): ActiveContainment {
  return {
    id: '',
    scope: wish.subject === null ? (wish.workspaceId === null ? 'installation' : 'workspace') : 'credential',
    workspaceId: wish.workspaceId,
    subject: wish.subject,
    actorClass: wish.actorClass,
    capabilities: wish.capabilities,
    reasonCode: 'security_hold',
    reason: '',
    incident: null,
    untilMs: Infinity,
  }
}

function isBlocked(use: Omit<Use, 'amount' | 'capability'>, wish: PreviewWish): boolean {
  const question = { workspaceId: wish.workspaceId ?? '', actor: use.actor, capabilities: use.needs }
  return findBlocking([hypothetical(wish)], use.actorClass, question, 0) !== undefined
}

function ratesOf(uses: readonly Use[], wish: PreviewWish, minutes: number): PreviewRate[] {
  const groups = Map.groupBy(uses, (use) => `${use.capability} ${use.actorClass} ${use.actor ?? ''}`)
  const rates: PreviewRate[] = []
  for (const group of groups.values()) {
    const [first] = group
    if (first === undefined) continue
    rates.push({
      capability: first.capability,
      actorClass: first.actorClass,
      actor: first.actor,
      perMinute: group.reduce((sum, use) => sum + use.amount, 0) / minutes,
      blocked: isBlocked(first, wish),
      suspicious: wish.suspect !== null && first.actor === wish.suspect,
    })
  }
  return rates.sort((a, b) => b.perMinute - a.perMinute || (a.capability < b.capability ? -1 : 1))
}

function sumsOf(rates: readonly PreviewRate[]): { blocked: number; suspicious: number } {
  let blocked = 0
  let suspicious = 0
  for (const rate of rates) {
    if (!rate.blocked) continue
    blocked += rate.perMinute
    if (rate.suspicious) suspicious += rate.perMinute
  }
  return { blocked, suspicious }
}

function waitingOf(facts: readonly Fact[], wish: PreviewWish) {
  return LANES.flatMap((lane) => {
    const waiting = facts.filter((fact) => fact.kind === 'waiting' && fact.name === lane)
    const needs = deliverCapabilities(lane)
    const blocked = waiting.filter((row) =>
      isBlocked({ needs, actorClass: 'sender', actor: row.actor }, wish),
    )
    return waiting.length === 0 ? [] : [{ lane, recipients: sumOf(waiting), blocked: sumOf(blocked) }]
  })
}

const sumOf = (rows: readonly Fact[]): number => rows.reduce((total, row) => total + row.amount, 0)

function amountOf(facts: readonly Fact[], name: string): number {
  return facts.find((fact) => fact.kind === 'credential' && fact.name === name)?.amount ?? 0
}

/** The narrowest scope: the suspected credential; else the one that does most of it; else the workspace with what is in use. */
function proposalOf(
  uses: readonly Use[],
  facts: readonly Fact[],
  wish: PreviewWish,
  minutes: number,
): Proposal {
  const suspect = wish.suspect ?? wish.subject
  if (suspect !== null && wish.workspaceId !== null)
    return judged(suspect, wish.capabilities, 'Only what you suspect; everybody else goes on.')
  const blocked = uses.filter((use) => isBlocked(use, wish))
  const total = blocked.reduce((sum, use) => sum + use.amount, 0)
  for (const [actor, own] of Map.groupBy(blocked, (use) => use.actor)) {
    const share = own.reduce((sum, use) => sum + use.amount, 0) / total
    if (actor === null || share < DOMINANT || wish.workspaceId === null) continue
    if (!/^(api_key|smtp_credential):/.test(actor)) continue
    return judged(
      actor,
      wish.capabilities,
      `This credential does ${Math.round(share * 100)} % of what would be blocked; look at it first.`,
    )
  }
  const inUse = wish.capabilities.filter(
    (capability) =>
      blocked.some((use) => use.needs.includes(capability)) ||
      facts.some((fact) => fact.kind === 'waiting' && capability.startsWith('deliver')),
  )
  return judged(
    null,
    inUse.length === 0 ? wish.capabilities : inUse,
    inUse.length === 0
      ? 'Nothing of this was used in that time, so that nobody pays for it.'
      : 'No single credential stands out; these capabilities are the ones in use.',
  )

  function judged(subject: string | null, capabilities: readonly Capability[], why: string): Proposal {
    const narrow = { ...wish, subject, capabilities, suspect: subject ?? wish.suspect }
    const sums = sumsOf(ratesOf(uses, narrow, minutes))
    const collateralRatio = sums.blocked === 0 ? null : (sums.blocked - sums.suspicious) / sums.blocked
    return { subject, actorClass: wish.actorClass, capabilities, collateralRatio, why }
  }
}
