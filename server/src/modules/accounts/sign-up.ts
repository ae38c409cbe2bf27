import { invalidField } from '../../kernel/faults.ts'
import type { Client } from '../../platform/http/operation.ts'
import type { NewSession } from '../sessions/index.ts'
import type { AccountsDependencies } from './accounts-deps.ts'
import type { AddressVault } from './address-vault.ts'
import type { MakePerson } from './make-person.ts'
import { deadLink } from './one-time-tokens.ts'
import type { OneTimeTokens } from './one-time-tokens.ts'
import { issueProof } from './prove-address.ts'
import type { TokenRow } from './token-store.ts'
import { takeTry } from './tries.ts'

export interface SignUp {
  /**
   * Makes the account of an address that the token of a letter proves, be it about signing up or an invitation, and signs it in at the level `enrolment`: it can add a second factor and do
   * nothing else. Throws `invalid_request` for a dead link and for a password that is refused, which leaves the link as it is;
   * `too_many_requests` for a client beyond its limit.
   */
  completeSignUp(wanted: {
    readonly token: string
    readonly name?: string | undefined
    readonly password?: string | undefined
    readonly workspaceName?: string | undefined
    readonly client: Client
  }): Promise<NewSession>
}

/** An address that a token proves. */
interface Proven {
  readonly email: string
  readonly prove: () => Promise<Pick<TokenRow, 'id'>>
}

export function createSignUp(
  deps: Pick<
    AccountsDependencies,
    'workspaces' | 'sessions' | 'settings' | 'newId' | 'findInvitation' | 'limiter'
  > & {
    readonly vault: AddressVault
    readonly tokens: OneTimeTokens
    readonly makePerson: MakePerson
  },
): SignUp {
  const { vault, tokens, newId } = deps

  /** Of a letter about signing up. */
  async function byLetter(token: string): Promise<Proven | null> {
    const found = await tokens.find(token, 'sign_up')
    if (found === null || found.sealed_email === null || found.email_index === null) return null
    const place = { table: 'token', column: 'sealed_email', rowId: found.id } as const
    const [email = ''] = await vault.open([{ place, sealed: found.sealed_email }], 'account.sign_up')
    // The index is bound to the token, the sealed address only to its row: they must be of one address.
    if (!(await vault.indexOf(email)).equals(found.email_index)) return null
    return { email, prove: () => Promise.resolve(found) }
  }

  /** Whoever shows the token of an invitation has read the mail of the invited address: no second letter has to prove it. */
  async function byInvitation(token: string): Promise<Proven | null> {
    const invitation = await deps.findInvitation(token)
    if (invitation === null) return null
    const { email, accountIndex } = invitation
    // As above: the token is bound to the index.
    if (!(await vault.indexOf(email)).equals(accountIndex)) return null
    return { email, prove: () => issueProof({ tokens, vault }, email) }
  }

  return {
    async completeSignUp({ token, name, password, workspaceName, client }) {
      if (workspaceName !== undefined && deps.settings.signUp !== 'open') {
        throw invalidField(
          'workspaceName',
          'is not taken here: on this installation the operator makes workspaces',
          'Leave it out.',
        )
      }
      await takeTry(deps.limiter, 'sign-up', client)
      const proven = (await byLetter(token)) ?? (await byInvitation(token))
      if (proven === null) throw deadLink()
      const personId = await deps.makePerson({ ...proven, name, password, client }, async (person) => {
        if (workspaceName === undefined) return null
        const owner = await deps.workspaces.bindOwner(person, newId())
        return {
          workspaceId: owner.workspaceId,
          store: async (db) => void (await deps.workspaces.storeFor(db, owner, workspaceName)),
        }
      })
      return deps.sessions.issue({ personId, level: 'enrolment', factor: 'none', client, tell: false })
    },
  }
}
