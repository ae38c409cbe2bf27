import type { z } from 'zod'
import { Fault } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { missing } from '../../platform/http/listing.ts'
import type { Client, OperationContext } from '../../platform/http/operation.ts'
import { randomBase62 } from '../../security/access/index.ts'
import { clientKeyOf } from '../../security/limits/index.ts'
import type { NewSession } from '../sessions/index.ts'
import type { Recovery, WaitingRecovery } from './account-views.ts'
import type { AccountsDependencies } from './accounts-deps.ts'
import { passwordOf } from './accounts-store.ts'
import type { AccountsStore, PersonRow } from './accounts-store.ts'
import type { AddressVault } from './address-vault.ts'
import { writeClient } from './client-facts.ts'
import { deadLink } from './one-time-tokens.ts'
import type { OneTimeTokens } from './one-time-tokens.ts'
import type { RecoveryRow, RecoveryStore } from './recovery-store.ts'
import { approveRecovery, refuseRecovery } from './tenant-store.ts'

type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'principal' | 'act'>

export interface Recoveries {
  /** Begins the wait of 72 hours, or shows the one that runs. Throws `invalid_request` for a dead link. */
  confirmRecovery(token: string): Promise<z.output<typeof Recovery>>
  /** By the link in every letter about it. Throws `invalid_request`. */
  cancelRecovery(token: string): Promise<void>
  /** By a session of the person; true where there was one to stop. */
  cancelOwnRecovery(personId: string): Promise<boolean>
  /**
   * After time and approvals: the password, where there is one, then the old factors go and a session of level `enrolment` is made. Throws
   * `invalid_request`, `unauthenticated` for a wrong password, `too_many_requests`.
   */
  completeRecovery(wanted: {
    readonly token: string
    readonly password?: string | undefined
    readonly client: Client
  }): Promise<NewSession>
  /** Of people of the caller's workspace. */
  list(caller: Pick<OperationContext<unknown>, 'workspaceId'>): Promise<z.output<typeof WaitingRecovery>[]>
  /** By an owner or admin of the workspace. Throws `not_found`, `missing_scope`. */
  approve(caller: Caller, recoveryId: string): Promise<z.output<typeof Recovery>>
  refuse(caller: Caller, recoveryId: string): Promise<void>
  /** The operator's part; it does nothing without DNS, time, mailbox and password. Throws `not_found`, `conflict`. */
  listAll(): Promise<z.output<typeof WaitingRecovery>[]>
  approveAsOperator(actor: string, recoveryId: string): Promise<z.output<typeof Recovery>>
}

/** Passwords that may be tried with one link. */
const TRIES = { capacity: 5, refillPerSecond: 1 / 3600 }
const NO_WORKSPACE = '00000000-0000-0000-0000-000000000000'

/** Recovery of an account whose second factors are lost. Nobody who is asked for help can do it alone, and it takes three days. */
export function createRecoveries(
  deps: Pick<
    AccountsDependencies,
    'transactions' | 'recordAudit' | 'passwordCheck' | 'sessions' | 'people' | 'limiter' | 'newId'
  > & {
    readonly store: Pick<AccountsStore, 'byId'>
    readonly recoveries: RecoveryStore
    readonly vault: AddressVault
    readonly tokens: OneTimeTokens
  },
): Recoveries {
  const { recoveries, tokens } = deps

  async function show(id: string): Promise<z.output<typeof Recovery>> {
    const row = await recoveries.of(id)
    if (row === null) throw missing('recovery', id)
    return view(row)
  }

  async function requirePassword(
    person: PersonRow,
    tokenId: string,
    password: string | undefined,
    client: Client,
  ) {
    const stored = passwordOf(person)
    if (stored === null) return
    const taken = await deps.limiter.take({ bucket: 'account.recovery_tries', key: tokenId, ...TRIES })
    if (!taken.allowed)
      throw new Fault('too_many_requests', {
        detail: 'Too many wrong passwords; wait before the next one.',
        retryAfterSeconds: taken.retryAfterSeconds,
      })
    const answer = await deps.passwordCheck.check(
      person.id,
      password ?? '',
      stored,
      clientKeyOf(client.address),
    )
    if (answer === 'right' && !person.must_reset) return
    throw new Fault('unauthenticated', {
      detail:
        answer === 'wrong'
          ? 'The password is not right. You can reset it first; the recovery waits.'
          : 'This password opens nothing any more. Reset it first; the recovery waits.',
    })
  }

  return {
    async confirmRecovery(token) {
      const found = await tokens.find(token, 'recovery')
      if (found === null) throw deadLink()
      const id = await recoveries.start(found.id, deps.newId(), `bulkhead-recovery=${randomBase62(32)}`)
      if (id === null) throw deadLink()
      return show(id)
    },

    async cancelRecovery(token) {
      const found = await tokens.find(token, 'cancel_recovery')
      if (found === null || (await recoveries.cancelByToken(found.id)) === null) throw deadLink()
    },

    cancelOwnRecovery: async (personId) => (await recoveries.cancelByPerson(personId)) !== null,

    async completeRecovery({ token, password, client }) {
      const found = await tokens.find(token, 'finish_recovery')
      const person = found?.person_id == null ? null : await deps.store.byId(found.person_id)
      if (found === null || person === null || person.disabled) throw deadLink()
      await requirePassword(person, found.id, password, client)
      const notice = deps.newId()
      const facts = await deps.vault.seal(
        { table: 'request', column: 'sealed_client', rowId: notice },
        writeClient(client),
      )
      const personId = await recoveries.complete(found.id, { id: notice, client: facts })
      if (personId === null) throw deadLink()
      deps.people.forget()
      return deps.sessions.issue({ personId, level: 'enrolment', factor: 'none', client })
    },

    list: async (caller) => (await recoveries.list(caller.workspaceId)).map(waiting),

    async approve(caller, recoveryId) {
      const approver = personOf(caller)
      await caller.act(async (db, about) => {
        const outcome = await approveRecovery(db, recoveryId, caller.workspaceId, approver)
        if (outcome === 'unknown') throw missing('recovery', recoveryId)
        if (outcome !== 'done') throw notYours()
        about(encodeId('recovery', recoveryId))
      })
      return show(recoveryId)
    },

    async refuse(caller, recoveryId) {
      const refuser = personOf(caller)
      await caller.act(async (db, about) => {
        const person = await refuseRecovery(db, recoveryId, caller.workspaceId, refuser)
        if (person === null) throw missing('recovery', recoveryId)
        about(encodeId('recovery', recoveryId))
      })
    },

    listAll: async () => (await recoveries.list(null)).map(waiting),

    async approveAsOperator(actor, recoveryId) {
      const outcome = await recoveries.approveAsOperator(recoveryId)
      if (outcome === 'unknown') throw missing('recovery', recoveryId)
      if (outcome === 'refused') {
        throw new Fault('conflict', {
          detail:
            'This recovery is not the operator’s to approve: every workspace of the person has others who can, and they must.',
        })
      }
      await deps.transactions.write(NO_WORKSPACE, (db) =>
        deps.recordAudit(db, {
          workspaceId: null,
          actor,
          action: 'recovery.operator_approved',
          target: encodeId('recovery', recoveryId),
          detail: {},
        }),
      )
      return show(recoveryId)
    },
  }
}

function view(row: RecoveryRow): z.output<typeof Recovery> {
  const needsDns = row.needs.some((need) => need.way === 'dns')
  return {
    id: encodeId('recovery', row.id),
    state: row.state,
    readyAt: row.ready_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    isReady: row.ready,
    needs: row.needs.map((need) => ({
      workspace: { id: encodeId('workspace', need.workspace), name: need.name },
      way: need.way,
      needed: need.needed,
      given: need.given,
      records: need.domains.map((domain) => ({ type: 'TXT', name: recordName(domain), value: row.proof })),
    })),
    operator: { isNeeded: needsDns || row.needs.length === 0, hasApproved: row.operator_approved },
  }
}

function waiting(row: RecoveryRow): z.output<typeof WaitingRecovery> {
  return { ...view(row), personId: encodeId('person', row.person_id) }
}

/** Where the proof of a domain stands. */
export function recordName(domain: string): string {
  return `_bulkhead-recovery.${domain}`
}

function personOf(caller: Caller): string {
  if (caller.principal.kind === 'person') return caller.principal.personId
  throw notYours()
}

function notYours(): Fault {
  return new Fault('missing_scope', {
    detail:
      'Only owners of the workspace can do this, or admins where the person is no owner, who were so before the recovery began; never the person.',
  })
}
