import { Redacted } from '../../kernel/redacted.ts'
import type { KeyringClient, OpenedKeys } from '../../platform/keyring-client/index.ts'
import { open, sealedKeyId } from '../../platform/sealing/index.ts'
import type { ClaimedDelivery } from './dispatch-store.ts'
import { secretContext } from './webhooks-service.ts'

/** For how long an opened secret is kept in memory; the keyring logs every opening. */
const SECRET_MS = 5 * 60_000
const SECRETS_MAX = 2_000

/** Opens what a delivery needs: content keys per batch and workspace, signing secrets with a short memory. */
export function createWebhookReading(deps: {
  readonly keyring: Pick<KeyringClient, 'openContentKeys' | 'openSecret'>
  readonly clock: () => number
}) {
  const secrets = new Map<string, { readonly secret: Redacted<string>; readonly until: number }>()

  async function secretOf(delivery: ClaimedDelivery, sealed: Buffer): Promise<Redacted<string>> {
    const name = `${delivery.endpoint_id} ${sealed.toString('base64')}`
    const known = secrets.get(name)
    if (known !== undefined && known.until > deps.clock()) return known.secret
    const plain = await deps.keyring.openSecret(
      delivery.workspace_id,
      'webhook',
      secretContext(delivery.endpoint_id),
      sealed,
      'webhook',
    )
    const secret = new Redacted(plain.toString())
    plain.fill(0)
    secrets.delete(name)
    if (secrets.size >= SECRETS_MAX) secrets.clear()
    secrets.set(name, { secret, until: deps.clock() + SECRET_MS })
    return secret
  }

  return {
    /** The keys of a batch of one workspace's deliveries. */
    keysOf(workspaceId: string, deliveries: readonly ClaimedDelivery[]): Promise<OpenedKeys> {
      const sealed = deliveries
        .flatMap(({ address, summary }) => [address, summary])
        .filter((value) => value !== null)
      return deps.keyring.openContentKeys(workspaceId, [...new Set(sealed.map(sealedKeyId))], 'webhook')
    },

    /** Current secret first. */
    secretsOf(delivery: ClaimedDelivery): Promise<Redacted<string>[]> {
      const sealed = [delivery.secret, delivery.previous_secret].filter((value) => value !== null)
      return Promise.all(sealed.map((value) => secretOf(delivery, value)))
    },

    /** The recipient's address; null where there is none, or where the key of a sensitive message is destroyed. */
    emailOf(delivery: ClaimedDelivery, keys: OpenedKeys): string | null {
      const { address, workspace_id: workspaceId, message_id, number } = delivery
      if (address === null || keys.get(sealedKeyId(address)) === undefined) return null
      const place = { workspaceId, table: 'recipient', column: 'address', rowId: `${message_id}/${number}` }
      return open(keys, place, address).toString()
    },

    metadataOf(delivery: ClaimedDelivery, keys: OpenedKeys): Record<string, unknown> | null {
      const { summary, workspace_id: workspaceId, message_id } = delivery
      if (summary === null || message_id === null || keys.get(sealedKeyId(summary)) === undefined) return null
      const place = { workspaceId, table: 'message', column: 'summary', rowId: message_id }
      const value: unknown = JSON.parse(open(keys, place, summary).toString())
      return typeof value === 'object' && value !== null && 'metadata' in value && isRecord(value.metadata)
        ? value.metadata
        : null
    },
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
