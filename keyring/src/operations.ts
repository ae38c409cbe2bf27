import { capabilitiesOf } from './access.ts'
import type { CAPABILITIES, Operation, ProcessKind, UpkeepOperation } from './access.ts'
import {
  onlyAttachment,
  readAlgorithm,
  readBoolean,
  readCode,
  readCount,
  readDomain,
  readLine,
  readPepper,
  readReferencePurpose,
  readSecretPurpose,
  readSelector,
  readText,
  readTexts,
  readUuid,
  readUuids,
} from './arguments.ts'
import type { createBlindIndex } from './blind-index.ts'
import { LEASE_MS } from './content-keys.ts'
import type { ContentKeys } from './content-keys.ts'
import type { Containments } from './containments.ts'
import type { DkimKeys } from './dkim-keys.ts'
import type { Frame } from './frames.ts'
import type { createPeppers } from './peppers.ts'
import type { createReferenceKeys } from './reference-keys.ts'
import { Refusal } from './refusal.ts'
import type { createSecrets } from './secrets.ts'
import type { createSigner } from './signer.ts'
import type { createTotp } from './totp.ts'

export interface Reply {
  readonly result: Readonly<Record<string, unknown>>
  readonly attachments?: readonly Buffer[]
}

export interface Request {
  readonly process: ProcessKind
  readonly body: Frame['body']
  readonly attachments: readonly Buffer[]
}

export type Handler = (request: Request) => Promise<Reply>
export type Handlers = Readonly<Record<Operation, Handler>>

const MAX_VALUE_BYTES = 1024
const MAX_ADDRESS_BYTES = 320
const MAX_CONTEXT_BYTES = 512
const MAX_REASON_BYTES = 200
const MAX_SECRET_BYTES = 64 * 1024
const MAX_SEALED_SEED_BYTES = 256
const MAX_SIGN_ITEMS = 256

/**
 * What each operation on keys does with a request that the access matrix has let through. Arguments are parsed here, and what is
 * contained is refused, before any key is touched.
 */
export function createKeyHandlers(deps: {
  blindIndex: ReturnType<typeof createBlindIndex>
  contentKeys: ContentKeys
  containments: Containments
  dkimKeys: DkimKeys
  peppers: ReturnType<typeof createPeppers>
  referenceKeys: ReturnType<typeof createReferenceKeys>
  secrets: ReturnType<typeof createSecrets>
  signer: ReturnType<typeof createSigner>
  totp: ReturnType<typeof createTotp>
}): Omit<Handlers, UpkeepOperation> {
  const { blindIndex, contentKeys, dkimKeys, secrets, signer } = deps

  /** The workspace of the request, where the operation is not contained for it. */
  function workspaceOf(operation: keyof typeof CAPABILITIES, { process, body }: Request): string {
    const workspaceId = readUuid(body, 'workspaceId')
    deps.containments.check(process, workspaceId, capabilitiesOf(operation, process))
    return workspaceId
  }

  return {
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

    pepper: async ({ process, body, attachments }) => {
      const digests = onlyAttachment(attachments, MAX_SECRET_BYTES)
      return { result: {}, attachments: [await deps.peppers.apply(process, readPepper(body), digests)] }
    },

    referenceKey: async ({ process, body }) => ({
      result: {},
      attachments: [await deps.referenceKeys.of(process, readReferencePurpose(body))],
    }),

    contentKey: async (request) => {
      const singleUse = readBoolean(request.body, 'singleUse')
      const lease = await contentKeys.lease(workspaceOf('contentKey', request), singleUse)
      return { result: { keyId: lease.keyId, expiresInMs: LEASE_MS }, attachments: [lease.key] }
    },

    openContentKeys: async (request) => {
      const { process, body } = request
      const opened = await contentKeys.open({
        process,
        workspaceId: workspaceOf('openContentKeys', request),
        keyIds: readUuids(body, 'keyIds'),
        reason: readLine(body, 'reason', MAX_REASON_BYTES),
      })
      const keys = opened.flatMap((item) => (item.state === 'open' ? [item.key] : []))
      return { result: { states: opened.map((item) => item.state) }, attachments: [Buffer.concat(keys)] }
    },

    destroyContentKeys: async ({ body }) => {
      const workspaceId = readUuid(body, 'workspaceId')
      return { result: { destroyed: await contentKeys.destroy(workspaceId, readUuids(body, 'keyIds')) } }
    },

    createDkimKey: async (request) => ({
      result: await dkimKeys.create({
        workspaceId: workspaceOf('createDkimKey', request),
        domain: readDomain(request.body, 'domain'),
        selector: readSelector(request.body, 'selector'),
        algorithm: readAlgorithm(request.body),
      }),
    }),

    destroyDkimKey: async ({ body }) => ({
      result: { destroyed: await dkimKeys.destroy(readUuid(body, 'workspaceId'), readUuid(body, 'keyId')) },
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

    sign: async ({ process, body, attachments }) => {
      const keyIds = readUuids(body, 'keyIds')
      if (keyIds.length > MAX_SIGN_ITEMS || keyIds.length !== attachments.length) {
        throw new Refusal('invalid', `sign takes at most ${MAX_SIGN_ITEMS} keys and one block for each`)
      }
      const items = attachments.map((data, i) => ({ keyId: keyIds[i] ?? '', data }))
      const outcomes = await signer.sign(items, {
        urgent: readBoolean(body, 'urgent'),
        containedIn: (workspaceId) =>
          deps.containments.detailsFor(process, workspaceId, capabilitiesOf('sign', process)),
      })
      return {
        result: {
          reasons: outcomes.map((outcome) => (outcome.state === 'refused' ? outcome.reason : null)),
          contained: outcomes.map((outcome) => (outcome.state === 'contained' ? outcome.details : null)),
        },
        attachments: outcomes.map((outcome) =>
          outcome.state === 'signed' ? outcome.signature : Buffer.alloc(0),
        ),
      }
    },

    sealSecret: async (request) => {
      const { body, attachments } = request
      const context = readText(body, 'context', MAX_CONTEXT_BYTES)
      const plaintext = onlyAttachment(attachments, MAX_SECRET_BYTES)
      const workspaceId = workspaceOf('sealSecret', request)
      return {
        result: {},
        attachments: [await secrets.seal(workspaceId, readSecretPurpose(body), context, plaintext)],
      }
    },

    openSecret: async (request) => {
      const { process, body, attachments } = request
      const purpose = readSecretPurpose(body)
      // A seed makes codes for ever: once sealed it is shown to nobody, and codes are checked by verifyTotp.
      if (purpose === 'totp')
        throw new Refusal('refused', 'A seed of an authenticator app does not leave the keyring')
      const plaintext = await secrets.open({
        process,
        workspaceId: workspaceOf('openSecret', request),
        purpose,
        context: readText(body, 'context', MAX_CONTEXT_BYTES),
        sealed: onlyAttachment(attachments, MAX_SECRET_BYTES),
        reason: readLine(body, 'reason', MAX_REASON_BYTES),
      })
      return { result: {}, attachments: [plaintext] }
    },

    resealSecret: async (request) => {
      const { process, body, attachments } = request
      const sealed = await secrets.reseal({
        process,
        workspaceId: workspaceOf('resealSecret', request),
        purpose: readSecretPurpose(body),
        context: readText(body, 'fromContext', MAX_CONTEXT_BYTES),
        toContext: readText(body, 'toContext', MAX_CONTEXT_BYTES),
        sealed: onlyAttachment(attachments, MAX_SECRET_BYTES),
        reason: readLine(body, 'reason', MAX_REASON_BYTES),
      })
      return { result: {}, attachments: [sealed] }
    },

    // No capability stops it: people sign in under a containment too, to see what is contained and why.
    verifyTotp: async ({ process, body, attachments }) => {
      const step = await deps.totp.verify({
        process,
        workspaceId: readUuid(body, 'workspaceId'),
        context: readText(body, 'context', MAX_CONTEXT_BYTES),
        sealed: onlyAttachment(attachments, MAX_SEALED_SEED_BYTES),
        code: readCode(body, 'code'),
        lastStep: readCount(body, 'lastStep'),
        reason: readLine(body, 'reason', MAX_REASON_BYTES),
      })
      return { result: { step } }
    },
  }
}
