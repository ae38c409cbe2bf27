import type { z } from 'zod'
import { Fault } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import type { Client, PersonPrincipal } from '../../platform/http/operation.ts'
import type { Account } from './account-views.ts'
import type { AccountsDependencies } from './accounts-deps.ts'
import type { AccountsStore, PersonRow } from './accounts-store.ts'
import type { AddressVault } from './address-vault.ts'
import { writeClient } from './client-facts.ts'
import { hasNoFactor } from './new-password.ts'
import type { MakePassword } from './new-password.ts'
import { deadLink } from './one-time-tokens.ts'
import type { OneTimeTokens } from './one-time-tokens.ts'

type View = z.output<typeof Account>

export interface OwnAccount {
  show(principal: PersonPrincipal): Promise<View>
  rename(principal: PersonPrincipal, name: string | null): Promise<View>
  /** Ends all other sessions and tells the owner. Throws `invalid_request` for a password that is refused. */
  setPassword(principal: PersonPrincipal, password: string, client: Client): Promise<void>
  /** By a link: ends every session, makes none, and leaves the second factors as they are (D-04). Throws `invalid_request`. */
  completeReset(token: string, password: string, client: Client): Promise<void>
  /** Throws `conflict` where a workspace would have no owner. */
  remove(principal: PersonPrincipal): Promise<void>
}

/** What a person does with the own account. */
export function createOwnAccount(
  deps: Pick<AccountsDependencies, 'factors' | 'people' | 'newId'> & {
    readonly store: AccountsStore
    readonly vault: AddressVault
    readonly tokens: OneTimeTokens
    readonly makePassword: MakePassword
  },
): OwnAccount {
  const { store, vault } = deps

  async function find(personId: string): Promise<PersonRow> {
    const row = await store.byId(personId)
    if (row === null) throw new Fault('unauthenticated', { detail: 'This account does not exist any more.' })
    return row
  }

  async function openRow(
    row: PersonRow,
  ): Promise<{ email: string; name: string | null; newEmail: string | null }> {
    const rowId = row.id
    const change = row.email_change
    const email = {
      place: { table: 'person', column: 'sealed_email', rowId } as const,
      sealed: row.sealed_email,
    }
    const name =
      row.sealed_name === null
        ? []
        : [{ place: { table: 'person', column: 'sealed_name', rowId } as const, sealed: row.sealed_name }]
    const changed =
      change === null || change.sealedEmail === null
        ? []
        : [
            {
              place: {
                table: 'email_change',
                column: 'sealed_email',
                rowId: `${change.id}/${rowId}`,
              } as const,
              sealed: Buffer.from(change.sealedEmail, 'hex'),
            },
          ]
    const texts = await vault.open([email, ...name, ...changed], 'account.read')
    return {
      email: texts[0] ?? '',
      name: name.length === 0 ? null : (texts[1] ?? null),
      newEmail: changed.length === 0 ? null : (texts[1 + name.length] ?? null),
    }
  }

  async function show(principal: PersonPrincipal): Promise<View> {
    const row = await find(principal.personId)
    const [{ email, name, newEmail }, factors] = await Promise.all([
      openRow(row),
      deps.factors.state(principal.personId),
    ])
    return {
      id: encodeId('person', row.id),
      email,
      name,
      createdAt: row.created_at.toISOString(),
      hasPassword: row.password_hash !== null,
      passwordSetAt: row.password_set_at?.toISOString() ?? null,
      factors: {
        passkeys: factors.passkeys.length,
        totp: factors.totp !== null,
        recoveryCodesLeft: factors.recoveryCodesLeft,
      },
      session: {
        id: encodeId('session', principal.id),
        level: principal.level,
        factor: principal.factor,
        strongAgeSeconds: principal.strongAgeMs === null ? null : Math.floor(principal.strongAgeMs / 1000),
      },
      workspaces: row.memberships.map((membership) => ({
        id: encodeId('workspace', membership.workspace),
        name: membership.name,
        role: membership.role,
        since: new Date(membership.since).toISOString(),
      })),
      emailChange:
        row.email_change === null || newEmail === null
          ? null
          : {
              email: newEmail,
              isConfirmed: row.email_change.state === 'confirmed',
              takesEffectAt:
                row.email_change.swapAt === null ? null : new Date(row.email_change.swapAt).toISOString(),
            },
      recovery:
        row.recovery === null
          ? null
          : {
              id: encodeId('recovery', row.recovery.id),
              readyAt: new Date(row.recovery.readyAt).toISOString(),
            },
    }
  }

  /** Stores a judged password, ends sessions and tells the owner; false where the token is used up. */
  async function replacePassword(
    row: PersonRow,
    password: string,
    client: Client,
    by: { readonly token: string | null; readonly keepSession: string | null },
  ): Promise<boolean> {
    const { email, name } = await openRow(row)
    const made = await deps.makePassword(password, {
      personId: row.id,
      singleFactor: await hasNoFactor(deps.factors, row.id),
      words: [email, ...(name === null ? [] : [name])],
      address: client.address,
    })
    const notice = deps.newId()
    const facts = await vault.seal(
      { table: 'request', column: 'sealed_client', rowId: notice },
      writeClient(client),
    )
    if (!(await store.setPassword(row.id, made, { ...by, notice, client: facts }))) return false
    deps.people.forget()
    return true
  }

  return {
    show,

    async rename(principal, name) {
      const rowId = principal.personId
      await store.rename(
        rowId,
        name === null ? null : await vault.seal({ table: 'person', column: 'sealed_name', rowId }, name),
      )
      return show(principal)
    },

    async setPassword(principal, password, client) {
      const row = await find(principal.personId)
      if (!(await replacePassword(row, password, client, { token: null, keepSession: principal.id })))
        throw new Fault('unauthenticated', { detail: 'This account may not sign in any more.' })
    },

    async completeReset(token, password, client) {
      const found = await deps.tokens.find(token, 'reset')
      if (found === null || found.person_id === null) throw deadLink()
      const row = await store.byId(found.person_id)
      if (row === null || row.disabled || row.honey) throw deadLink()
      if (!(await replacePassword(row, password, client, { token: found.id, keepSession: null })))
        throw deadLink()
    },

    async remove(principal) {
      const orphans = await store.remove(principal.personId)
      deps.people.forget()
      if (orphans.length === 0) return
      throw new Fault('conflict', {
        detail: `You are the only owner of ${orphans.join(', ')}. Make somebody else an owner first, or ask the operator to destroy it.`,
      })
    },
  }
}
