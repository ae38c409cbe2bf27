import { Fault } from '../../kernel/faults.ts'
import type { Client } from '../../platform/http/operation.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { AccountsDependencies } from './accounts-deps.ts'
import type { AddressVault } from './address-vault.ts'
import type { MakePassword } from './new-password.ts'
import { deadLink } from './one-time-tokens.ts'
import { completeSignUp, recordSignUp } from './tenant-store.ts'
import type { TokenRow } from './token-store.ts'

/** What is stored together with the person, in a transaction of that workspace. UUID. */
export interface WithPerson {
  readonly workspaceId: string
  store(db: TenantDatabase): Promise<void>
}

/**
 * Makes the account of the address that a token of kind `sign_up` names, and uses the token up. Answers the person's id. Throws
 * `invalid_request` for a dead link and for a password that is refused, which leaves the link as it is; `conflict` where the address has an account.
 */
export type MakePerson = (
  made: {
    /** The token that names the address; asked for once nothing else refuses, because it may be written only then. */
    readonly prove: () => Promise<Pick<TokenRow, 'id'>>
    readonly email: string
    readonly name: string | undefined
    readonly password: string | undefined
    readonly client: Client
  },
  prepare: (personId: string) => Promise<WithPerson | null>,
) => Promise<string>

/** Without a workspace of its own an account is made in a transaction of none. */
const NO_WORKSPACE = '00000000-0000-0000-0000-000000000000'

export function createMakePerson(
  deps: Pick<AccountsDependencies, 'transactions' | 'newId'> & {
    readonly vault: AddressVault
    readonly makePassword: MakePassword
  },
): MakePerson {
  const { vault } = deps
  return async ({ prove, email, name, password, client }, prepare) => {
    const personId = deps.newId()
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
    const along = await prepare(personId)
    const proof = await prove()
    await deps.transactions.write(along?.workspaceId ?? NO_WORKSPACE, async (db) => {
      const outcome = await completeSignUp(db, {
        token: proof.id,
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
      await along?.store(db)
      await recordSignUp(db, personId)
    })
    return personId
  }
}
