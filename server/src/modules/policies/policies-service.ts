import { Fault, invalidField } from '../../kernel/faults.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { isInNetworks, parseCidr } from '../../security/access/index.ts'
import { personOf, shownActor } from '../members/index.ts'
import type { Members } from '../members/index.ts'
import { plainName, writeLetter } from '../system-mail/index.ts'
import type { SystemMail } from '../system-mail/index.ts'
import { isFactorEnough, isStricter } from './policy.ts'
import type { PolicyValues, PolicyView } from './policy.ts'
import {
  deletePending,
  hasTestedProvider,
  lockPolicy,
  putPending,
  replacePolicy,
  selectPending,
  selectPolicy,
  workspaceName,
} from './policies-store.ts'

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
  /** By another owner, from an address that the waiting change leaves open. Throws `conflict`, `missing_scope`, `address_refused`. */
  confirm(caller: Caller): Promise<PolicyView>
  /** Resolves when members have been told of what changed until now. */
  drain(): Promise<void>
}

const MEMBERS_MAX = 500
const PAGE = 100

/** Policies of a workspace: see the slice's door for what holds. */
export function createPolicies(deps: {
  readonly members: Pick<Members, 'list'>
  readonly systemMail: Pick<SystemMail, 'send'>
  readonly people: { forget(): void }
  readonly log: Pick<Logger, 'warn'>
  readonly nowMs: () => number
}): Policies {
  const telling = new Set<Promise<void>>()

  async function everybody(caller: Caller): Promise<{ id: string; email: string }[]> {
    const all: { id: string; email: string }[] = []
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
        const wanted: PolicyValues = {
          secondFactor: change.secondFactor ?? known.secondFactor,
          sessionHours: change.sessionHours ?? known.sessionHours,
          allowedCidrs:
            change.allowedCidrs === undefined
              ? known.allowedCidrs
              : change.allowedCidrs.map((text, at) => cidrOf(`allowedCidrs[${at}]`, text)),
          signInDomains: change.signInDomains ?? known.signInDomains,
          ssoRequired: change.ssoRequired ?? known.ssoRequired,
        }
        if (!isFactorEnough(wanted, person.factor))
          throw new Fault('conflict', {
            detail: 'You would lock yourself out: log in with what you demand of others first.',
          })
        if (wanted.ssoRequired && !known.ssoRequired) {
          if (!(await hasTestedProvider(db, caller.workspaceId)))
            throw new Fault('conflict', {
              detail: 'Connect a provider and sign in through it as a test first: PUT /v1/sso/connection.',
            })
          if (person.role !== 'owner' || person.factor !== 'passkey')
            throw new Fault('conflict', {
              detail:
                'An owner who is signed in with a passkey turns this on: when the provider is away, somebody must still come in.',
            })
        }
        const isInside =
          wanted.allowedCidrs.length === 0 || isInNetworks(caller.client.address, wanted.allowedCidrs)
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
