import type { z } from 'zod'
import { parseAddress } from '../../kernel/email-address.ts'
import { invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { Person } from './account-views.ts'
import type { AccountsDependencies } from './accounts-deps.ts'
import type { AccountsStore } from './accounts-store.ts'
import type { AddressVault } from './address-vault.ts'
import { signOutPerson, suspendPerson } from './tenant-store.ts'

export interface People {
  /** Without addresses: the operator asks for one that he knows. */
  list(query: {
    readonly limit: number
    readonly cursor?: string | undefined
  }): Promise<{ data: z.output<typeof Person>[]; nextCursor: string | null }>
  /** Throws `not_found`. */
  find(email: string): Promise<{ id: string }>
  suspend(actor: string, personId: string, suspended: boolean): Promise<void>
  /** Answers how many sessions were ended. */
  signOut(actor: string, personId: string): Promise<{ ended: number }>
}

const NO_WORKSPACE = '00000000-0000-0000-0000-000000000000'

/** What the operator may do about people: see that they are there and take away. Nothing here signs in, resets or drops a factor. */
export function createPeople(
  deps: Pick<AccountsDependencies, 'people' | 'transactions' | 'recordAudit'> & {
    readonly store: AccountsStore
    readonly vault: AddressVault
  },
): People {
  const { store } = deps

  /** The act and its record in one commit: after a restore it is done again by the record. */
  const act = <T>(
    actor: string,
    action: string,
    personId: string,
    work: (db: TenantDatabase) => Promise<T>,
  ): Promise<T> =>
    deps.transactions.write(NO_WORKSPACE, async (db) => {
      const done = await work(db)
      await deps.recordAudit(db, {
        workspaceId: null,
        actor,
        action,
        target: encodeId('person', personId),
        // The UUID is what a restore needs to suspend again: engine.replay_acts.
        detail: { id: personId },
      })
      return done
    })

  return {
    async list({ limit, cursor }) {
      const rows = await store.list(idOfCursor(cursor), limit + 1)
      return page(
        rows,
        limit,
        (row) => ({
          id: encodeId('person', row.id),
          createdAt: row.created_at.toISOString(),
          disabledAt: row.disabled_at?.toISOString() ?? null,
          flaggedAt: row.flagged_at?.toISOString() ?? null,
          workspaces: row.workspaces,
        }),
        (row) => idCursor(row.id),
      )
    },

    async find(email) {
      const parsed = parseAddress(email)
      if (!parsed.ok) throw invalidField('email', parsed.problem)
      const found = await store.byIndex(await deps.vault.indexOf(parsed.address.email))
      if (found === null || found.honey) throw invalidField('email', 'is nobody’s on this installation')
      return { id: encodeId('person', found.id) }
    },

    async suspend(actor, personId, suspended) {
      await act(actor, suspended ? 'person.suspended' : 'person.let_in', personId, async (db) => {
        if (!(await suspendPerson(db, personId, suspended))) throw missing('person', personId)
      })
      deps.people.forget()
    },

    async signOut(actor, personId) {
      const ended = await act(actor, 'person.signed_out', personId, async (db) => {
        const count = await signOutPerson(db, personId)
        if (count === null) throw missing('person', personId)
        return count
      })
      deps.people.forget()
      return { ended }
    },
  }
}
