import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { open, seal, sealedKeyId } from '../../platform/sealing/index.ts'
import type { StoredSender } from './key-bounds.ts'
import { parseSenderPattern } from './key-bounds.ts'

type Table = 'api_key' | 'smtp_credential' | 'federation_rule'

/** Where a list of senders is stored. */
export interface SendersPlace {
  readonly workspaceId: string
  readonly table: Table
  readonly rowId: string
}

export interface BoundSenders {
  readonly senders: readonly StoredSender[]
  /** What people are shown; null for an empty list. */
  readonly sealed: Buffer | null
}

/** Row and sealed list of something that is shown. */
interface SealedRow {
  readonly id: string
  readonly sealed_senders: Buffer | null
}

export interface SealedSenders {
  /** Patterns as parseSenderPattern answers them. Throws what the keyring client throws. */
  bind(place: SendersPlace, patterns: readonly string[]): Promise<BoundSenders>
  /** The patterns of rows of one workspace, by row. `reason` goes to the keyring's log. */
  open(
    workspaceId: string,
    table: Table,
    rows: readonly SealedRow[],
    reason: string,
  ): Promise<(id: string) => string[]>
  /**
   * The patterns of one row for what takes its place. Throws where they are not those that the row compares: somebody wrote to the database,
   * and the successor must not send as more than the row did.
   */
  openForSuccessor(
    workspaceId: string,
    table: Table,
    row: SealedRow & { readonly allowed_senders: readonly string[] },
    reason: string,
  ): Promise<string[]>
  /** The stored form of an address from which somebody wants to send. */
  storedForm(workspaceId: string, email: string): Promise<StoredSender>
}

const placeOf = ({ workspaceId, table, rowId }: SendersPlace) => ({
  workspaceId,
  table,
  column: 'sealed_senders',
  rowId,
})

/** Lists of allowed senders: what is compared (domains, and blind indexes of addresses) and what is shown (sealed for its row). */
export function createSealedSenders(deps: {
  readonly keyring: Pick<KeyringClient, 'blindAddresses' | 'contentKey' | 'openContentKeys'>
}): SealedSenders {
  async function stored(workspaceId: string, patterns: readonly string[]): Promise<StoredSender[]> {
    const parsed = patterns.map((pattern) => {
      const result = parseSenderPattern(pattern)
      if (!result.ok) throw new Error('a sender was not parsed before it was bound')
      return result
    })
    const addresses = parsed.filter(({ pattern }) => !pattern.startsWith('@'))
    const blinded =
      addresses.length === 0
        ? []
        : await deps.keyring.blindAddresses(
            workspaceId,
            addresses.map(({ pattern }) => pattern),
          )
    const indexes = new Map(addresses.map(({ pattern }, at) => [pattern, blinded[at]?.index]))
    return parsed.map(({ pattern, domain }) => {
      if (pattern.startsWith('@')) return { stored: pattern, domain }
      const index = indexes.get(pattern)
      if (index === undefined) throw new Error('the keyring answered fewer indexes than addresses')
      return { stored: `#${index.toString('hex')}`, domain }
    })
  }

  async function opened(
    workspaceId: string,
    table: Table,
    rows: readonly SealedRow[],
    reason: string,
  ): Promise<(id: string) => string[]> {
    const sealed = rows.flatMap((row) =>
      row.sealed_senders === null ? [] : [{ id: row.id, value: row.sealed_senders }],
    )
    if (sealed.length === 0) return () => []
    const keys = await deps.keyring.openContentKeys(
      workspaceId,
      [...new Set(sealed.map(({ value }) => sealedKeyId(value)))],
      reason,
    )
    const lists = new Map(
      sealed.map(({ id, value }): [string, string[]] => [
        id,
        JSON.parse(open(keys, placeOf({ workspaceId, table, rowId: id }), value).toString()),
      ]),
    )
    return (id) => lists.get(id) ?? []
  }

  return {
    async bind(place, patterns) {
      if (patterns.length === 0) return { senders: [], sealed: null }
      const [senders, key] = await Promise.all([
        stored(place.workspaceId, patterns),
        deps.keyring.contentKey(place.workspaceId),
      ])
      return { senders, sealed: seal(key, placeOf(place), Buffer.from(JSON.stringify(patterns))) }
    },

    open: opened,

    async openForSuccessor(workspaceId, table, row, reason) {
      const patterns = (await opened(workspaceId, table, [row], reason))(row.id)
      const forms = (await stored(workspaceId, patterns)).map((sender) => sender.stored)
      if (
        new Set([...forms, ...row.allowed_senders]).size !== forms.length ||
        forms.length !== row.allowed_senders.length
      )
        throw new Error('the senders of a credential are not those that it is bound to')
      return patterns
    },

    async storedForm(workspaceId, email) {
      const [form] = await stored(workspaceId, [email])
      if (form === undefined) throw new Error('an address has no stored form')
      return form
    },
  }
}
