import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { open, seal, sealedKeyId } from '../../platform/sealing/index.ts'
import type { SealedPlace } from '../../platform/sealing/index.ts'

/** Names of devices are people's: they are sealed as addresses are. Place of the name of a passkey. */
const placeOfName = (passkeyId: string): SealedPlace => ({
  workspaceId: INSTALLATION_WORKSPACE,
  table: 'account.passkey',
  column: 'sealed_name',
  rowId: passkeyId,
})

const placeOfEmail = (personId: string): SealedPlace => ({
  workspaceId: INSTALLATION_WORKSPACE,
  table: 'account.person',
  column: 'sealed_email',
  rowId: personId,
})

/** Throws what the keyring client throws. */
export async function sealName(
  keyring: Pick<KeyringClient, 'contentKey'>,
  passkeyId: string,
  name: string,
): Promise<Buffer> {
  return seal(await keyring.contentKey(INSTALLATION_WORKSPACE), placeOfName(passkeyId), Buffer.from(name))
}

/** The names of passkeys, in their order. Throws what the keyring client throws, and SealedValueError. */
export async function openNames(
  keyring: Pick<KeyringClient, 'openContentKeys'>,
  passkeys: readonly { readonly id: string; readonly sealed_name: Buffer }[],
): Promise<string[]> {
  if (passkeys.length === 0) return []
  const keys = await keyring.openContentKeys(
    INSTALLATION_WORKSPACE,
    [...new Set(passkeys.map((passkey) => sealedKeyId(passkey.sealed_name)))],
    'factors.list',
  )
  return passkeys.map((passkey) => open(keys, placeOfName(passkey.id), passkey.sealed_name).toString())
}

/** What a device shows of an account: the address. Throws as openNames does. */
export async function openEmail(
  keyring: Pick<KeyringClient, 'openContentKeys'>,
  personId: string,
  sealedEmail: Buffer,
): Promise<string> {
  const keys = await keyring.openContentKeys(
    INSTALLATION_WORKSPACE,
    [sealedKeyId(sealedEmail)],
    'factors.label',
  )
  return open(keys, placeOfEmail(personId), sealedEmail).toString()
}
