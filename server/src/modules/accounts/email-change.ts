import type { Logger } from '../../platform/telemetry/index.ts'
import type { AccountsDependencies } from './accounts-deps.ts'
import type { AccountsStore, DueChange } from './accounts-store.ts'
import type { AddressVault } from './address-vault.ts'
import { deadLink } from './one-time-tokens.ts'
import type { OneTimeTokens } from './one-time-tokens.ts'

export interface EmailChange {
  /** Proves the new address. Answers when it signs in: 24 hours later (M-06). Throws `invalid_request`. */
  confirmEmail(token: string): Promise<{ takesEffectAt: string }>
  /** By the link to the old address, without a log-in: undoes the change and ends every session. Throws `invalid_request`. */
  undoEmail(token: string): Promise<void>
  /** By the person. True where there was a change to undo. */
  undoOwnEmail(personId: string): Promise<boolean>
  /** Puts confirmed addresses into force whose time has come; answers how many. */
  swapDue(): Promise<number>
}

const SWAPS_AT_ONCE = 50

/** A new address is inert for a day: until then everything goes to the old one, which can undo it. */
export function createEmailChange(
  deps: Pick<AccountsDependencies, 'people'> & {
    readonly store: AccountsStore
    readonly vault: AddressVault
    readonly tokens: OneTimeTokens
    readonly log: Pick<Logger, 'warn'>
  },
): EmailChange {
  const { store, vault, tokens } = deps

  async function swap(change: DueChange): Promise<void> {
    const rowId = change.person_id
    const from = { table: 'email_change', column: 'sealed_email', rowId: `${change.id}/${rowId}` } as const
    const [email = ''] = await vault.open(
      [{ place: from, sealed: change.sealed_email }],
      'account.email_change',
    )
    if (!(await vault.indexOf(email)).equals(change.email_index))
      throw new Error('a change of address whose index is not that of its address')
    const to = { table: 'person', column: 'sealed_email', rowId } as const
    await store.swapEmail(change.id, await vault.seal(to, email))
  }

  return {
    async confirmEmail(token) {
      const found = await tokens.find(token, 'email')
      if (found === null) throw deadLink()
      const at = await store.confirmEmailChange(found.id)
      if (at === null) throw deadLink()
      return { takesEffectAt: at.toISOString() }
    },

    async undoEmail(token) {
      const found = await tokens.find(token, 'undo_email')
      if (found === null) throw deadLink()
      if (!(await store.undoEmailChange({ token: found.id, personId: null }))) throw deadLink()
      deps.people.forget()
    },

    undoOwnEmail: (personId) => store.undoEmailChange({ token: null, personId }),

    async swapDue() {
      const due = await store.dueEmailChanges(SWAPS_AT_ONCE)
      for (const change of due) {
        try {
          await swap(change)
        } catch (error) {
          deps.log.warn({ err: error, change: change.id }, 'A change of address waits; it is tried again')
        }
      }
      return due.length
    },
  }
}
