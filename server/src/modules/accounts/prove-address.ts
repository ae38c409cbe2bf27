import type { AddressVault } from './address-vault.ts'
import { deadLink } from './one-time-tokens.ts'
import type { OneTimeTokens } from './one-time-tokens.ts'
import type { TokenRow } from './token-store.ts'

/**
 * A token that names an address, as if a letter had come back, for an address that is known in another way: what makes people wants one. Its
 * text leaves this function in no answer.
 */
export async function issueProof(
  deps: { readonly tokens: OneTimeTokens; readonly vault: AddressVault },
  email: string,
): Promise<TokenRow> {
  const issued = await deps.tokens.issue({
    kind: 'sign_up',
    personId: null,
    emailIndex: await deps.vault.indexOf(email),
    sealEmail: (rowId) => deps.vault.seal({ table: 'token', column: 'sealed_email', rowId }, email),
    hours: 1,
  })
  const found = await deps.tokens.find(issued.token.reveal(), 'sign_up')
  if (found === null) throw deadLink()
  return found
}
