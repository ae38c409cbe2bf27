import { Fault, invalidField } from '../../kernel/faults.ts'
import type { Client } from '../../platform/http/operation.ts'
import type { NewSession } from '../sessions/index.ts'
import type { AccountsDependencies } from './accounts-deps.ts'
import type { AddressVault } from './address-vault.ts'
import type { MakePassword } from './new-password.ts'
import { deadLink } from './one-time-tokens.ts'
import type { OneTimeTokens } from './one-time-tokens.ts'
import { completeSignUp, recordSignUp } from './tenant-store.ts'

export interface SignUp {
  /**
   * Makes the account of an address that the token proves, and signs it in at the level `enrolment`: it can add a second factor and do
   * nothing else. Throws `invalid_request` for a dead link and for a password that is refused, which leaves the link as it is.
   */
  completeSignUp(wanted: {
    readonly token: string
    readonly name?: string | undefined
    readonly password?: string | undefined
    readonly workspaceName?: string | undefined
    readonly client: Client
  }): Promise<NewSession>
}

/** Without a workspace of its own an account is made in a transaction of none. */
const NO_WORKSPACE = '00000000-0000-0000-0000-000000000000'

export function createSignUp(
  deps: Pick<AccountsDependencies, 'transactions' | 'workspaces' | 'sessions' | 'settings' | 'newId'> & {
    readonly vault: AddressVault
    readonly tokens: OneTimeTokens
    readonly makePassword: MakePassword
  },
): SignUp {
  const { vault, tokens, newId } = deps
  return {
    async completeSignUp({ token, name, password, workspaceName, client }) {
      if (workspaceName !== undefined && deps.settings.signUp !== 'open') {
        throw invalidField(
          'workspaceName',
          'is not taken here: on this installation the operator makes workspaces',
          'Leave it out.',
        )
      }
      const found = await tokens.find(token, 'sign_up')
      if (found === null || found.sealed_email === null || found.email_index === null) throw deadLink()
      const place = { table: 'token', column: 'sealed_email', rowId: found.id } as const
      const [email = ''] = await vault.open([{ place, sealed: found.sealed_email }], 'account.sign_up')
      // The index is bound to the token, the sealed address only to its row: they must be of one address.
      if (!(await vault.indexOf(email)).equals(found.email_index)) throw deadLink()
      const personId = newId()
      const stored =
        password === undefined
          ? null
          : await deps.makePassword(password, {
              personId,
              singleFactor: true,
              words: [email, ...(name === undefined ? [] : [name])],
              address: client.address,
            })
      const [sealedEmail, sealedName] = await Promise.all([
        vault.seal({ table: 'person', column: 'sealed_email', rowId: personId }, email),
        name === undefined
          ? null
          : vault.seal({ table: 'person', column: 'sealed_name', rowId: personId }, name),
      ])
      const owner = workspaceName === undefined ? null : await deps.workspaces.bindOwner(personId, newId())
      await deps.transactions.write(owner?.workspaceId ?? NO_WORKSPACE, async (db) => {
        const outcome = await completeSignUp(db, {
          token: found.id,
          personId,
          email: sealedEmail,
          name: sealedName,
          password: stored,
        })
        if (outcome === 'gone') throw deadLink()
        if (outcome !== 'done') {
          throw new Fault('conflict', {
            detail: 'This address has an account already. Sign in, or reset the password.',
          })
        }
        if (owner !== null && workspaceName !== undefined)
          await deps.workspaces.storeFor(db, owner, workspaceName)
        await recordSignUp(db, personId)
      })
      return deps.sessions.issue({ personId, level: 'enrolment', factor: 'none', client, tell: false })
    },
  }
}
