import type { Operation, ProcessKind } from './access.ts'
import {
  readAlgorithm,
  readBoolean,
  readDomain,
  readSecretPurpose,
  readSelector,
  readText,
  readTexts,
  readUuid,
  readUuids,
} from './arguments.ts'
import type { createBlindIndex } from './blind-index.ts'
import type { ContentKeys } from './content-keys.ts'
import type { DkimKeys } from './dkim-keys.ts'
import type { Frame } from './frames.ts'
import { Refusal } from './refusal.ts'
import type { createSecrets } from './secrets.ts'
import type { createSigner } from './signer.ts'

interface Reply {
  readonly result: Readonly<Record<string, unknown>>
  readonly attachments?: readonly Buffer[]
}

interface Request {
  readonly process: ProcessKind
  readonly body: Frame['body']
  readonly attachments: readonly Buffer[]
}

export type Handlers = Readonly<Record<Operation, (request: Request) => Promise<Reply>>>

export interface Health {
  readonly database: 'up' | 'down'
  readonly root: string
  readonly rsaPool: number
  readonly signing: boolean
}

const MAX_VALUE_BYTES = 1024
const MAX_ADDRESS_BYTES = 320
const MAX_CONTEXT_BYTES = 512
const MAX_REASON_BYTES = 200
const MAX_SECRET_BYTES = 64 * 1024
const MAX_SIGN_ITEMS = 256

/** What each operation does with a request that the access matrix has let through. Arguments are parsed here, before any key is touched. */
export function createHandlers(deps: {
  blindIndex: ReturnType<typeof createBlindIndex>
  contentKeys: ContentKeys
  dkimKeys: DkimKeys
  secrets: ReturnType<typeof createSecrets>
  signer: ReturnType<typeof createSigner>
  health: () => Promise<Health>
}): Handlers {
  const { blindIndex, contentKeys, dkimKeys, secrets, signer } = deps
  return {
    health: async () => ({ result: { ...(await deps.health()) } }),

    blind: async ({ body }) => {
      const values = readTexts(body, 'values', MAX_VALUE_BYTES)
      return { result: {}, attachments: [await blindIndex.values(readUuid(body, 'workspaceId'), values)] }
    },

    blindAddresses: async ({ body }) => {
      const addresses = readTexts(body, 'addresses', MAX_ADDRESS_BYTES)
      return {
        result: {},
        attachments: [await blindIndex.addresses(readUuid(body, 'workspaceId'), addresses)],
      }
    },

    contentKey: async ({ body }) => {
      const lease = await contentKeys.lease(readUuid(body, 'workspaceId'), readBoolean(body, 'singleUse'))
      return { result: { keyId: lease.keyId, expiresAtMs: lease.expiresAtMs }, attachments: [lease.key] }
    },

    openContentKeys: async ({ process, body }) => {
      const opened = await contentKeys.open({
        process,
        workspaceId: readUuid(body, 'workspaceId'),
        keyIds: readUuids(body, 'keyIds'),
        reason: readText(body, 'reason', MAX_REASON_BYTES),
      })
      const keys = opened.flatMap((item) => (item.state === 'open' ? [item.key] : []))
      return { result: { states: opened.map((item) => item.state) }, attachments: [Buffer.concat(keys)] }
    },

    destroyContentKeys: async ({ body }) => ({
      result: { destroyed: await contentKeys.destroy(readUuids(body, 'keyIds')) },
    }),

    createDkimKey: async ({ body }) => ({
      result: await dkimKeys.create({
        workspaceId: readUuid(body, 'workspaceId'),
        domain: readDomain(body, 'domain'),
        selector: readSelector(body, 'selector'),
        algorithm: readAlgorithm(body),
      }),
    }),

    publicKeys: async ({ body }) => {
      const rows = await dkimKeys.publicKeys(readUuids(body, 'keyIds'))
      const keys = rows.map(({ id, domain, selector, algorithm, publicKey, sealedPrivate }) => ({
        keyId: id,
        domain,
        selector,
        algorithm,
        publicKey,
        state: sealedPrivate === null ? 'destroyed' : 'active',
      }))
      return { result: { keys } }
    },

    sign: async ({ body, attachments }) => {
      const keyIds = readUuids(body, 'keyIds')
      if (keyIds.length > MAX_SIGN_ITEMS || keyIds.length !== attachments.length) {
        throw new Refusal('invalid', `sign takes at most ${MAX_SIGN_ITEMS} keys and one block for each`)
      }
      const items = attachments.map((data, i) => ({ keyId: keyIds[i] ?? '', data }))
      const outcomes = await signer.sign(items, readBoolean(body, 'urgent'))
      return {
        result: { reasons: outcomes.map((outcome) => (outcome.state === 'signed' ? null : outcome.reason)) },
        attachments: outcomes.map((outcome) =>
          outcome.state === 'signed' ? outcome.signature : Buffer.alloc(0),
        ),
      }
    },

    sealSecret: async ({ body, attachments }) => {
      const context = readText(body, 'context', MAX_CONTEXT_BYTES)
      const plaintext = onlyAttachment(attachments)
      return {
        result: {},
        attachments: [
          await secrets.seal(readUuid(body, 'workspaceId'), readSecretPurpose(body), context, plaintext),
        ],
      }
    },

    openSecret: async ({ process, body, attachments }) => {
      const plaintext = await secrets.open({
        process,
        workspaceId: readUuid(body, 'workspaceId'),
        purpose: readSecretPurpose(body),
        context: readText(body, 'context', MAX_CONTEXT_BYTES),
        sealed: onlyAttachment(attachments),
        reason: readText(body, 'reason', MAX_REASON_BYTES),
      })
      return { result: {}, attachments: [plaintext] }
    },
  }
}

function onlyAttachment(attachments: readonly Buffer[]): Buffer {
  const [first] = attachments
  if (first === undefined || attachments.length !== 1 || first.length > MAX_SECRET_BYTES) {
    throw new Refusal('invalid', `The request needs one attachment of at most ${MAX_SECRET_BYTES} bytes`)
  }
  return first
}
