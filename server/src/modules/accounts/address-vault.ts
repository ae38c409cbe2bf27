import { normaliseForIndex } from '../../kernel/email-address.ts'
import { Fault } from '../../kernel/faults.ts'
import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { open, seal, sealedKeyId } from '../../platform/sealing/index.ts'

/** Where a value is stored; it opens nowhere else. */
export interface VaultPlace {
  readonly table: 'person' | 'request' | 'token' | 'email_change' | 'session'
  readonly column: 'sealed_email' | 'sealed_name' | 'sealed_client' | 'sealed_device'
  /** For a change of address both ids, so that a row that is moved to another person does not open. */
  readonly rowId: string
}

export interface AddressVault {
  /** The blind index by which an address is found. */
  indexOf(email: string): Promise<Buffer>
  seal(place: VaultPlace, text: string): Promise<Buffer>
  /** In the order of the values. Throws `unavailable` where the keyring is away, and an error for a value that was moved. */
  open(
    values: readonly { readonly place: VaultPlace; readonly sealed: Buffer }[],
    reason: string,
  ): Promise<string[]>
}

/** Addresses and names of people, sealed with the content keys of the installation's workspace. */
export function createAddressVault(deps: {
  readonly keyring: Pick<KeyringClient, 'blindAddresses' | 'contentKey' | 'openContentKeys'>
}): AddressVault {
  const { keyring } = deps
  return {
    indexOf: (email) =>
      reached(async () => {
        const [blind] = await keyring.blindAddresses(INSTALLATION_WORKSPACE, [normaliseForIndex(email)])
        if (blind === undefined) throw new Error('the keyring answered no index for an address')
        return blind.index
      }),

    seal: (place, text) =>
      reached(async () =>
        seal(await keyring.contentKey(INSTALLATION_WORKSPACE), whole(place), Buffer.from(text)),
      ),

    open: (values, reason) =>
      values.length === 0
        ? Promise.resolve([])
        : reached(async () => {
            const ids = [...new Set(values.map(({ sealed }) => sealedKeyId(sealed)))]
            const keys = await keyring.openContentKeys(INSTALLATION_WORKSPACE, ids, reason)
            return values.map(({ place, sealed }) => open(keys, whole(place), sealed).toString())
          }),
  }
}

function whole(place: VaultPlace) {
  return {
    workspaceId: INSTALLATION_WORKSPACE,
    table: `account.${place.table}`,
    column: place.column,
    rowId: place.rowId,
  }
}

async function reached<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Error && error.name === 'KeyringUnavailable')
      throw new Fault('unavailable', {
        detail: 'Accounts cannot be read right now; try again.',
        cause: error,
      })
    throw error
  }
}
