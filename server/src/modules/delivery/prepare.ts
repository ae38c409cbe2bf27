import type { Logger } from 'pino'
import { finishSigning, prepareSigning, type PreparedSignature } from '../../platform/dkim/index.ts'
import { KeyringBudget, KeyringContained, KeyringShredded } from '../../platform/keyring-client/index.ts'
import type { KeyringClient, OpenedKeys } from '../../platform/keyring-client/index.ts'
import { open, sealedKeyId } from '../../platform/sealing/index.ts'
import { createReferenceKey } from '../../security/references/index.ts'
import type { MessageSummary } from '../messages/index.ts'
import type { DeliveryStore, SendingIdentity } from './delivery-store.ts'
import { dsnParameters, referenceField } from './envelope.ts'
import type { ClaimedRow, Job, TlsFloor } from './job.ts'

export interface PrepareDependencies {
  readonly store: Pick<DeliveryStore, 'bodies' | 'sendingIdentity'>
  readonly keyring: Pick<KeyringClient, 'openContentKeys' | 'sign' | 'referenceKey'>
  /** Where bounces come back of domains without a return path of their own; null: to the address in From. */
  readonly returnPathDomain: string | null
  readonly log: Logger
  readonly nowMs: () => number
}

/**
 * What preparing made of a row: a job, or why there is none now (`later`; `contained` or `budget` where the keyring said no for this
 * workspace) or never (`gone`, or `shredded` as all of its workspace is).
 */
export type Prepared =
  | { readonly kind: 'job'; readonly job: Job }
  | { readonly kind: Unprepared; readonly row: ClaimedRow; readonly reason: string }

type Unprepared = 'later' | 'contained' | 'budget' | 'shredded' | 'gone'

const SHREDDED = { kind: 'shredded', reason: 'the workspace was shredded' } as const
const KEY_CACHE_MS = 5_000

/**
 * The stages open and sign: claimed rows become jobs. A message with several recipients is opened and signed once per batch.
 * The private key stays in the keyring; what travels there is the canonical header block.
 */
export function createPreparer(deps: PrepareDependencies) {
  const identities = new Map<string, { found: Promise<SendingIdentity>; until: number }>()

  function identityOf(workspaceId: string, domain: string): Promise<SendingIdentity> {
    const name = `${workspaceId} ${domain}`
    const known = identities.get(name)
    if (known !== undefined && known.until > deps.nowMs()) return known.found
    const loading = deps.store.sendingIdentity(workspaceId, domain)
    loading.catch(() => identities.delete(name))
    if (identities.size > 10_000) identities.clear()
    identities.set(name, { found: loading, until: deps.nowMs() + KEY_CACHE_MS })
    return loading
  }

  const keyOfReturnPaths = createReferenceKey({ keyring: deps.keyring, purpose: 'return-path' })

  async function returnPathOf(row: ClaimedRow, envelopeFrom: string): Promise<Job['returnPath']> {
    if (envelopeFrom === '') return null
    const { ownReturnPath } = await identityOf(row.workspaceId, row.fromDomain)
    const host = ownReturnPath ? `rp.${row.fromDomain}` : deps.returnPathDomain
    return host === null ? null : { host, key: await keyOfReturnPaths() }
  }

  /** Sealed rows of one message → its signed bytes. */
  async function prepareMessage(
    rows: readonly ClaimedRow[],
    body: Buffer,
    opened: OpenedKeys,
    lease: string,
  ): Promise<Prepared[]> {
    const [first] = rows
    if (first === undefined) return []
    const { workspaceId, messageId } = first
    const place = (table: string, column: string, rowId: string) => ({ workspaceId, table, column, rowId })
    const summary: MessageSummary = JSON.parse(
      open(opened, place('message', 'summary', messageId), first.summary).toString(),
    )
    const raw = open(opened, place('body', 'sealed', messageId), body)
    const fields = await sign(first, raw)
    if (fields === null)
      return rows.map((row) => ({ kind: 'later', row, reason: 'no DKIM key of the domain is published' }))
    const returnPath = await returnPathOf(first, summary.envelopeFrom)
    const chunks = [Buffer.from(fields + referenceField(rows, returnPath), 'latin1'), raw]
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    return rows.map((row) => {
      const email = open(
        opened,
        place('recipient', 'address', `${messageId}/${row.number}`),
        row.address,
      ).toString()
      return {
        kind: 'job',
        job: {
          row,
          lease,
          envelopeFrom: summary.envelopeFrom,
          returnPath,
          email,
          domain: email.slice(email.lastIndexOf('@') + 1),
          chunks,
          bytes,
          eightBit: summary.eightBit,
          smtputf8: summary.smtputf8,
          tlsFloor: floorOf(row, summary),
          dsn: dsnParameters(summary, row.number, messageId, returnPath !== null),
          connectionFailures: 0,
        },
      }
    })
  }

  /** The DKIM-Signature fields, newest key first; null where the domain has no published key. */
  async function sign(row: ClaimedRow, raw: Buffer): Promise<string | null> {
    const { keys: available } = await identityOf(row.workspaceId, row.fromDomain)
    if (available.length === 0) return null
    const preparation = prepareSigning(raw, {
      keys: available.map((key) => ({
        domain: row.fromDomain,
        selector: key.selector,
        algorithm: `${key.algorithm}-sha256` as const,
      })),
      timeSeconds: Math.floor(deps.nowMs() / 1_000),
    })
    if (!preparation.ok) throw new Error(`a stored message cannot be signed: ${preparation.problem}`)
    const items = preparation.prepared.map((prepared, position) => ({
      keyId: available[position]?.keyId ?? '',
      data: prepared.toBeSigned,
    }))
    const signed = await deps.keyring.sign(items, { urgent: row.lane === 'critical' })
    return preparation.prepared
      .map((prepared, position) => fieldOf(prepared, signed[position], deps.log))
      .join('')
  }

  /**
   * Prepares the rows of a slice. A failure of the keyring or the database is thrown; what the keyring refuses for one workspace
   * (a containment, a budget) concerns the rows of that workspace alone.
   */
  async function prepareSlice(rows: readonly ClaimedRow[], lease: string): Promise<Prepared[]> {
    const [first] = rows
    if (first === undefined) return []
    const byMessage = Map.groupBy(rows, (row) => row.messageId)
    const bodies = await deps.store.bodies(first.lane, lease, rows)
    const opened = await openKeys(deps.keyring, rows, bodies)
    const results = await Promise.all(
      [...byMessage].map(async ([messageId, group]): Promise<Prepared[]> => {
        const body = bodies.get(messageId)
        const keysOfWorkspace = opened.get(group[0]?.workspaceId ?? '')
        if (keysOfWorkspace !== undefined && 'kind' in keysOfWorkspace)
          return group.map((row) => ({ ...keysOfWorkspace, row }))
        if (body === undefined || keysOfWorkspace === undefined) {
          return group.map((row) => ({ kind: 'gone', row, reason: 'the content is no longer stored' }))
        }
        if (keysOfWorkspace.get(sealedKeyId(body)) === undefined) {
          // Keys that many messages share are destroyed with their workspace only.
          return group.map((row) =>
            row.sensitive
              ? { kind: 'gone', row, reason: 'the key of the content was destroyed' }
              : { ...SHREDDED, row },
          )
        }
        try {
          return await prepareMessage(group, body, keysOfWorkspace, lease)
        } catch (error) {
          const refused = refusalOf(error)
          if (refused === null) throw error
          return group.map((row) => ({ ...refused, row }))
        }
      }),
    )
    return results.flat()
  }

  return { prepareSlice }
}

export type Preparer = ReturnType<typeof createPreparer>

/** Critical mail and that of domains which say so is never in clear text, and REQUIRETLS asks for more. */
function floorOf(row: ClaimedRow, summary: MessageSummary): TlsFloor {
  if (summary.requireTls === true) return 'requiretls'
  return row.lane === 'critical' || summary.tlsRequired === true ? 'required' : 'none'
}

async function openKeys(
  keyring: Pick<KeyringClient, 'openContentKeys'>,
  rows: readonly ClaimedRow[],
  bodies: ReadonlyMap<string, Buffer>,
): Promise<Map<string, OpenedKeys | Refused>> {
  const wanted = new Map<string, Set<string>>()
  for (const row of rows) {
    const ids = wanted.get(row.workspaceId) ?? new Set<string>()
    wanted.set(row.workspaceId, ids)
    const body = bodies.get(row.messageId)
    for (const sealed of body === undefined ? [row.summary, row.address] : [row.summary, row.address, body])
      ids.add(sealedKeyId(sealed))
  }
  return new Map(
    await Promise.all(
      [...wanted].map(async ([workspaceId, ids]): Promise<[string, OpenedKeys | Refused]> => {
        try {
          return [workspaceId, await keyring.openContentKeys(workspaceId, [...ids], 'delivery')]
        } catch (error) {
          const refused = refusalOf(error)
          if (refused === null) throw error
          return [workspaceId, refused]
        }
      }),
    ),
  )
}

interface Refused {
  readonly kind: 'contained' | 'budget' | 'shredded'
  readonly reason: string
}

/** What the keyring answers for one workspace while it serves the others; null for any other failure. */
function refusalOf(error: unknown): Refused | null {
  if (error instanceof KeyringContained) return { kind: 'contained', reason: error.detail }
  if (error instanceof KeyringShredded) return SHREDDED
  if (error instanceof KeyringBudget) return { kind: 'budget', reason: error.internal ?? error.detail }
  return null
}

/** A refusal of one key leaves the other signature; mail that nobody signed fails in prepareMessage's caller as a whole. */
function fieldOf(
  prepared: PreparedSignature,
  outcome: Awaited<ReturnType<KeyringClient['sign']>>[number] | undefined,
  log: Logger,
): string {
  if (outcome?.state === 'signed') return finishSigning(prepared, outcome.signature)
  log.error(
    { domain: prepared.domain, selector: prepared.selector, reason: outcome?.reason },
    'The keyring refused a signature',
  )
  throw new Error(`the keyring refused to sign for ${prepared.domain}: ${outcome?.reason ?? 'no answer'}`)
}
