import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { isInNetworks, parseCidr } from '../../security/access/index.ts'
import { personOf, shownActor } from '../members/index.ts'
import type { Members, MemberView } from '../members/index.ts'
import { plainName, writeLetter } from '../system-mail/index.ts'
import type { SystemMail } from '../system-mail/index.ts'
import { openDevices } from '../sessions/index.ts'
import { canReturn, isFactorEnough, isStricter, lossOf } from './policy.ts'
import { PolicyValues } from './policy.ts'
import type { LossReason, PolicyPreviewView, PolicyView } from './policy.ts'
import {
  deletePending,
  hasTestedProvider,
  lockPolicy,
  putPending,
  replacePolicy,
  selectOpenSessions,
  selectPending,
  selectPolicy,
  workspaceName,
} from './policies-store.ts'
import type { OpenSession } from './policies-store.ts'

type Caller = Pick<
  OperationContext<unknown>,
  'workspaceId' | 'actor' | 'principal' | 'client' | 'read' | 'act'
>
export type PolicyChange = { readonly [Key in keyof PolicyValues]?: PolicyValues[Key] | undefined }

export interface Policies {
  get(caller: Caller): Promise<PolicyView>
  /**
   * Holds at the next request. A list of networks without the caller's own address waits for a second owner instead. Throws `conflict` where
   * the caller himself would not fulfil the rest, `invalid_request`.
   */
  change(caller: Caller, change: PolicyChange): Promise<PolicyView>
  /** What a change would do, without making it. Throws `invalid_request`. */
  preview(caller: Caller, change: PolicyChange): Promise<PolicyPreviewView>
  /** By another owner, from an address that the waiting change leaves open. Throws `conflict`, `missing_scope`, `address_refused`. */
  confirm(caller: Caller): Promise<PolicyView>
  /** Resolves when members have been told of what changed until now. */
  drain(): Promise<void>
}

const MEMBERS_MAX = 500
const SESSIONS_MAX = 2_000
const PAGE = 100

/** Policies of a workspace: see the slice's door for what holds. */
export function createPolicies(deps: {
  readonly members: Pick<Members, 'list'>
  readonly keyring: Pick<KeyringClient, 'openContentKeys'>
  readonly systemMail: Pick<SystemMail, 'send'>
  readonly people: { forget(): void }
  readonly log: Pick<Logger, 'warn'>
  readonly nowMs: () => number
}): Policies {
  const telling = new Set<Promise<void>>()

  async function everybody(caller: Caller): Promise<MemberView[]> {
    const all: MemberView[] = []
    let cursor: string | undefined
    do {
      const part = await deps.members.list(caller, { limit: PAGE, cursor })
      all.push(...part.data)
      cursor = part.nextCursor ?? undefined
    } while (cursor !== undefined && all.length < MEMBERS_MAX)
    return all
  }

  async function view(caller: Caller): Promise<PolicyView> {
    const { policy, pending } = await caller.read(async (db) => ({
      policy: await selectPolicy(db, caller.workspaceId),
      pending: await selectPending(db, caller.workspaceId),
    }))
    const members = policy.signInDomains.length === 0 ? [] : await everybody(caller)
    return {
      ...policy,
      yourAddress: caller.client.address,
      pending:
        pending === undefined
          ? null
          : {
              policy: pending.wanted,
              requestedBy: shownActor(pending.requested_by),
              until: pending.expires_at.toISOString(),
            },
      outsiders: members
        .filter(({ email }) => !policy.signInDomains.includes(email.slice(email.lastIndexOf('@') + 1)))
        .map(({ id, email }) => ({ memberId: id, email })),
    }
  }

  /** Everybody whose sessions may have ended hears why. In the background: it can be hundreds of letters. */
  function tell(caller: Caller, before: PolicyValues, next: PolicyValues): void {
    if (!isStricter(before, next)) return
    const work = (async () => {
      const name = await caller.read((db) => workspaceName(db, caller.workspaceId))
      const at = new Date(deps.nowMs())
      for (const { email } of await everybody(caller)) {
        await deps.systemMail.send({
          kind: 'policy',
          to: email,
          ...writeLetter('sessions_ended', { at, more: `${plainName(name)}: ${wordsOf(next)}` }),
          dedupe: `policy ${caller.workspaceId} ${at.toISOString()} ${email}`,
          lasting: true,
        })
      }
    })().catch((error: unknown) =>
      deps.log.warn({ err: error }, 'members were not told of a stricter policy'),
    )
    const done = work.finally(() => telling.delete(done))
    telling.add(done)
  }

  return {
    get: view,

    async change(caller, change) {
      const person = personOf(caller.principal)
      const { before, next, waits } = await caller.act(async (db, about) => {
        const known = await lockPolicy(db, caller.workspaceId)
        const wanted = wantedPolicy(known, change)
        const refusal = await refusalOf(db, caller, known, wanted)
        if (refusal !== null) throw new Fault('conflict', { detail: refusal })
        const isInside = isInsideOf(wanted, caller.client.address)
        if (isInside) {
          await store(db, caller, wanted, about)
        } else {
          if (person.role !== 'owner')
            throw invalidField(
              'allowedCidrs',
              `does not hold your own address, ${caller.client.address}`,
              'Add it, or let an owner make this change.',
            )
          await putPending(db, caller.workspaceId, wanted, caller.actor)
          about('policy', { waitsForSecondOwner: true, ...wanted })
        }
        return { before: known, next: wanted, waits: !isInside }
      })
      deps.people.forget()
      if (!waits) tell(caller, before, next)
      return view(caller)
    },

    async preview(caller, change) {
      const { known, wanted, refusal, sessions } = await caller.read(async (db) => {
        const before = await selectPolicy(db, caller.workspaceId)
        const next = wantedPolicy(before, change)
        return {
          known: before,
          wanted: next,
          refusal: await refusalOf(db, caller, before, next),
          sessions: await selectOpenSessions(db, caller.workspaceId, SESSIONS_MAX + 1),
        }
      })
      const isInside = isInsideOf(wanted, caller.client.address)
      const losses = await lossesOf(deps.keyring, wanted, sessions.slice(0, SESSIONS_MAX))
      const members = await everybody(caller)
      const losing = members.flatMap((member) => {
        const { ending = 0, left = 0, reasons = [] } = losses.get(member.id) ?? {}
        const returns = canReturn(wanted, member)
        if (ending === 0 && (returns || !canReturn(known, member))) return []
        const { id: memberId, email, name } = member
        return [{ memberId, email, name, sessions: ending, sessionsLeft: left, reasons, canReturn: returns }]
      })
      return {
        policy: wanted,
        changed: PolicyValues.keyof().options.filter(
          (rule) => JSON.stringify(wanted[rule]) !== JSON.stringify(known[rule]),
        ),
        yourAddress: caller.client.address,
        waits: !isInside,
        refusal:
          refusal ??
          (isInside || personOf(caller.principal).role === 'owner'
            ? null
            : `The networks do not hold your own address, ${caller.client.address}: add it, or let an owner make this change.`),
        sessionsOpen: Math.min(sessions.length, SESSIONS_MAX),
        sessionsEnding: losing.reduce((sum, { sessions: ending }) => sum + ending, 0),
        losing,
        isComplete: sessions.length <= SESSIONS_MAX && members.length < MEMBERS_MAX,
      }
    },

    async confirm(caller) {
      const person = personOf(caller.principal)
      if (person.role !== 'owner')
        throw new Fault('missing_scope', { detail: 'Another owner confirms this change.' })
      // Whoever has the provider can be any owner who may use it: that would be one person.
      if (person.factor === 'sso')
        throw new Fault('conflict', {
          detail:
            'Confirm with your own means: log in with your own second factor, not through the provider.',
        })
      const { before, next } = await caller.act(async (db, about) => {
        const known = await lockPolicy(db, caller.workspaceId)
        const pending = await selectPending(db, caller.workspaceId)
        if (pending === undefined)
          throw new Fault('conflict', { detail: 'No change waits; after 15 minutes it is dropped.' })
        if (pending.requested_by === caller.actor)
          throw new Fault('conflict', { detail: 'Another owner confirms what you have asked for.' })
        if (!isInNetworks(caller.client.address, pending.wanted.allowedCidrs))
          throw new Fault('address_refused', {
            detail: `Confirm from one of the networks that stay open; you come from ${caller.client.address}.`,
          })
        if (!isFactorEnough(pending.wanted, person.factor))
          throw new Fault('conflict', {
            detail: 'You would lock yourself out: log in with what it demands first.',
          })
        await store(db, caller, pending.wanted, about, { requestedBy: shownActor(pending.requested_by) })
        return { before: known, next: pending.wanted }
      })
      deps.people.forget()
      tell(caller, before, next)
      return view(caller)
    },

    async drain() {
      await Promise.all(telling)
    },
  }
}

/** By member (`mem_…`): how many sessions a policy would let in no more, how many it would, and why. */
async function lossesOf(
  keyring: Pick<KeyringClient, 'openContentKeys'>,
  policy: PolicyValues,
  sessions: readonly OpenSession[],
): Promise<Map<string, { ending: number; left: number; reasons: LossReason[] }>> {
  // Where every network will do, nobody's address is opened.
  const sealed =
    policy.allowedCidrs.length === 0
      ? []
      : sessions.flatMap(({ id, sealed_device: device }) => (device === null ? [] : [{ id, sealed: device }]))
  const opened = await openDevices(keyring, sealed, 'policies.preview')
  const addresses = new Map(sealed.map(({ id }, at) => [id, opened[at]?.address]))
  const losses = new Map<string, { ending: number; left: number; reasons: LossReason[] }>()
  for (const session of sessions) {
    const address = addresses.get(session.id)
    const reasons = lossOf(policy, {
      role: session.role,
      factor: session.factor,
      ageSeconds: session.age_seconds,
      isInside: address === undefined || isInsideOf(policy, address),
    })
    const member = encodeId('member', session.member_id)
    const before = losses.get(member) ?? { ending: 0, left: 0, reasons: [] }
    losses.set(member, {
      ending: before.ending + (reasons.length > 0 ? 1 : 0),
      left: before.left + (reasons.length > 0 ? 0 : 1),
      reasons: [...new Set([...before.reasons, ...reasons])],
    })
  }
  return losses
}

async function store(
  db: TenantDatabase,
  caller: Caller,
  next: PolicyValues,
  about: (target: string, detail?: Record<string, unknown>) => void,
  more: Record<string, unknown> = {},
): Promise<void> {
  const stored = await replacePolicy(db, caller.workspaceId, next)
  await deletePending(db, caller.workspaceId)
  about('policy', { ...stored, ...more })
}

/** What would hold after a change. Throws `invalid_request`. */
function wantedPolicy(known: PolicyValues, change: PolicyChange): PolicyValues {
  return {
    secondFactor: change.secondFactor ?? known.secondFactor,
    sessionHours: change.sessionHours ?? known.sessionHours,
    allowedCidrs:
      change.allowedCidrs === undefined
        ? known.allowedCidrs
        : change.allowedCidrs.map((text, at) => cidrOf(`allowedCidrs[${at}]`, text)),
    signInDomains: change.signInDomains ?? known.signInDomains,
    ssoRequired: change.ssoRequired ?? known.ssoRequired,
  }
}

/** Why the caller may not make this the policy, whatever his address; null where he may. */
async function refusalOf(
  db: TenantDatabase,
  caller: Caller,
  known: PolicyValues,
  wanted: PolicyValues,
): Promise<string | null> {
  const person = personOf(caller.principal)
  if (!isFactorEnough(wanted, person.factor))
    return 'You would lock yourself out: log in with what you demand of others first.'
  if (!wanted.ssoRequired || known.ssoRequired) return null
  if (!(await hasTestedProvider(db, caller.workspaceId)))
    return 'Connect a provider and sign in through it as a test first: PUT /v1/sso/connection.'
  if (person.role !== 'owner' || person.factor !== 'passkey')
    return 'An owner who is signed in with a passkey turns this on: when the provider is away, somebody must still come in.'
  return null
}

function isInsideOf(policy: PolicyValues, address: string): boolean {
  return policy.allowedCidrs.length === 0 || isInNetworks(address, policy.allowedCidrs)
}

/** A network in its one spelling. Throws `invalid_request`. */
function cidrOf(field: string, text: string): string {
  const parsed = parseCidr(text)
  if (parsed.ok) return parsed.cidr
  throw invalidField(field, parsed.problem, parsed.fix)
}

function wordsOf(policy: PolicyValues): string {
  const demand =
    policy.secondFactor === 'passkey'
      ? 'It takes log-ins with a passkey only from now on.'
      : policy.secondFactor === 'required'
        ? 'It takes log-ins with a second factor only from now on.'
        : 'Its rules for log-ins have changed.'
  const provider = policy.ssoRequired ? ' Members sign in through its own provider.' : ''
  return `A workspace of yours has made its rules stricter. ${demand}${provider} Sessions without it open it no more.`
}
