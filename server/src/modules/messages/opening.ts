import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { open, sealedKeyId } from '../../platform/sealing/index.ts'

/** Opens one sealed value; undefined where its key was destroyed. */
export type OpenOne = (table: string, column: string, rowId: string, value: Buffer) => Buffer | undefined

/** Opens sealed values of one workspace; the keyring logs the reason before it answers. Throws what the keyring's client throws. */
export async function openerOf(
  keyring: Pick<KeyringClient, 'openContentKeys'>,
  workspaceId: string,
  sealed: readonly Buffer[],
  reason: string,
): Promise<OpenOne> {
  const keys = await keyring.openContentKeys(workspaceId, [...new Set(sealed.map(sealedKeyId))], reason)
  return (table, column, rowId, value) =>
    keys.get(sealedKeyId(value)) === undefined
      ? undefined
      : open(keys, { workspaceId, table, column, rowId }, value)
}
