import { createHmac } from 'node:crypto'
import { normaliseForIndex, parseAddress } from '../../kernel/email-address.ts'
import { encodeId } from '../../kernel/ids.ts'
import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import { faultOfFailure } from '../../platform/failures.ts'
import {
  KeyringContained,
  KeyringRefused,
  KeyringShredded,
  type ContentKeyLease,
  type KeyringClient,
} from '../../platform/keyring-client/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import { seal } from '../../platform/sealing/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import {
  looksLikeReturnPath,
  readReturnPath,
  WHOLE_MESSAGE,
  type ReferenceKey,
  type ReturnPathReference,
} from '../../security/references/index.ts'
import type { BounceMetrics } from './bounce-metrics.ts'
import { createIntakeStore, type ReturnedMessage } from './bounces-store.ts'
import { effectsOf, type Effects, type KnownRecipient } from './effects.ts'
import { NO_FINDINGS } from './findings.ts'
import { readReport } from './read-report.ts'
import type { Report } from './report.ts'

/** A recipient of mail from outside: see the surface. */
interface Recipient {
  readonly address: string
  readonly localPart: string
  readonly domain: string
}

interface Mail {
  readonly from: string
  readonly recipients: readonly Recipient[]
  readonly raw: Buffer
  readonly client: { readonly address: string | null; readonly helo: string | null; readonly tls: boolean }
}

type Result = { readonly kind: 'kept' } | { readonly kind: 'refused'; readonly reason: string }

/** Takes mail for return paths and for the roles of the return-path domain. Fits the doors of the inbound surface. */
export interface BounceDoor {
  readonly name: 'bounces'
  judge(recipient: Recipient): Promise<'taken' | 'unknown' | 'forged'>
  receive(mail: Mail): Promise<Result>
}

export interface BounceDoorDeps {
  readonly pool: Queryable
  readonly keyring: Pick<KeyringClient, 'blindAddresses' | 'contentKey'>
  readonly returnPathKey: ReferenceKey
  /** Domains whose roles are ours, lower case: the return-path domain and this host. */
  readonly domains: readonly string[]
  /** Who understands reports of TLS (RFC 8460); resolves after its commit, false where it is none. */
  readonly tlsReports: ((raw: Buffer) => Promise<boolean>) | null
  readonly newId: () => string
  readonly log: Logger
  readonly metrics?: BounceMetrics
  readonly now: () => number
}

/** Why a mail is kept for the operator and not for a workspace. */
type Why =
  | 'role'
  | 'message_gone'
  | 'workspace_contained'
  | 'workspace_shredded'
  | 'no_reference'
  | 'forged_reference'
  | 'no_tls_report'
  | 'failed'

/** RFC 2142 §4, §5: these are read by a person. */
const ROLES: ReadonlySet<string> = new Set(['postmaster', 'abuse'])
const CUSTOMERS_PREFIX = 'rp.'
const FEEDBACK = 'fbl'
const TLS_REPORTS = 'tls-reports'

/** What is stored of a report: its beginning holds all that was read. A recipient may send to a return path as often as he likes. */
const STORED_BYTES_MAX = 512 * 1024
const ADDRESSES_MAX = 2_000
/** Of a header, what tells a report from another. */
const HEAD_BYTES_MAX = 131_072
/** What the keyring makes an index of; no address is longer (RFC 5321 §4.5.3.1). */
const ADDRESS_BYTES_MAX = 320

const KEPT: Result = { kind: 'kept' }
const FULL: Result = { kind: 'refused', reason: 'No more reports are taken about this' }

/**
 * The way in for what comes back. A return path proves by itself which mail it is about; addresses in a report are compared by their blind
 * indexes with those of the message, so nothing of the message is opened here. Throws where the database or the keyring is
 * away: the other side then keeps the mail and comes again.
 */
export function createBounceDoor(deps: BounceDoorDeps): BounceDoor {
  const plain = createIntakeStore(deps.pool)
  const store = deps.metrics?.store(plain) ?? plain
  const domains = new Set(deps.domains)

  function roleOf({ localPart, domain }: Recipient): string | null {
    const role = localPart.toLowerCase()
    if (domain === '') return role === 'postmaster' ? role : null
    // A customer's own return path is a domain too, whose roles somebody must read; it leads here by the customer's DNS alone.
    if (domain.startsWith(CUSTOMERS_PREFIX) && ROLES.has(role)) return role
    if (!domains.has(domain)) return null
    return ROLES.has(role) || role === FEEDBACK || role === TLS_REPORTS ? role : null
  }

  async function referenceOf(localPart: string): Promise<ReturnPathReference | null> {
    return looksLikeReturnPath(localPart) ? readReturnPath(await deps.returnPathKey(), localPart) : null
  }

  /** The same for a mail that comes again by another way: what servers add on the way is not in it. */
  async function digestOf(about: string, raw: Buffer): Promise<Buffer> {
    const body = raw.indexOf('\r\n\r\n')
    const head = raw.toString('latin1', 0, Math.min(body === -1 ? raw.length : body, HEAD_BYTES_MAX))
    const own = head.split(/\r\n(?![ \t])/).filter((line) => /^(?:message-id|date|from|subject):/i.test(line))
    return createHmac('sha256', await deps.returnPathKey())
      .update(`bounce report digest 1\0${about}\0${own.join('\n')}\0`)
      .update(body === -1 ? raw : raw.subarray(body))
      .digest()
  }

  function stored(mail: Mail, recipient: Recipient, maxBytes: number): Buffer {
    const { address, helo, tls } = mail.client
    const trace =
      `Return-Path: <${mail.from}>\r\nDelivered-To: ${recipient.address}\r\n` +
      `Received: from ${helo ?? 'unknown'} ([${address ?? 'unknown'}])${tls ? ' with ESMTPS' : ' with ESMTP'};\r\n` +
      `\t${new Date(deps.now()).toUTCString().replace('GMT', '+0000')}\r\n`
    return Buffer.concat([Buffer.from(trace), mail.raw.subarray(0, maxBytes)])
  }

  async function quarantine(
    mail: Mail,
    recipient: Recipient,
    why: Why,
    report: Report | null,
  ): Promise<Result> {
    const id = deps.newId()
    const key = await deps.keyring.contentKey(INSTALLATION_WORKSPACE)
    const place = { workspaceId: INSTALLATION_WORKSPACE, table: 'bounce_report', column: 'sealed', rowId: id }
    const kind = report === null ? 'mail' : report.kind === 'delivery' ? 'bounce' : report.kind
    const result = await store.keep({
      id,
      workspaceId: INSTALLATION_WORKSPACE,
      messageId: null,
      kind,
      format: report?.format ?? 'text',
      why,
      digest: await digestOf(`${why}\0${recipient.address.toLowerCase()}`, mail.raw),
      sizeBytes: mail.raw.length,
      findings: NO_FINDINGS,
      sealed: seal(key, place, stored(mail, recipient, mail.raw.length)),
      events: [],
      suppressions: [],
      due: null,
    })
    deps.log.info({ report: id, kind, why, result }, 'Mail from outside is kept for the operator')
    return result === 'full' ? FULL : KEPT
  }

  /** Which of the message's recipients the report names, and the one of the return path. */
  async function recipientsOf(
    message: ReturnedMessage,
    reference: ReturnPathReference,
    report: Report,
  ): Promise<{ readonly known: readonly KnownRecipient[]; readonly indexOf: ReadonlyMap<number, Buffer> }> {
    const named = [...new Set(addressesOf(report))].slice(0, ADDRESSES_MAX)
    const written = Map.groupBy(
      named.filter((address) => address.isWellFormed() && isIndexable(normaliseForIndex(address))),
      (address) => normaliseForIndex(address),
    )
    const spellings = [...written.values()]
    const blinded =
      spellings.length === 0
        ? []
        : await deps.keyring.blindAddresses(message.workspaceId, [...written.keys()])
    const number = reference.number === WHOLE_MESSAGE ? null : reference.number
    const rows = await store.recipients(
      reference.messageId,
      number,
      blinded.map((item) => item.index),
    )
    return {
      known: rows.map((row) => ({
        number: row.number,
        addresses: row.place === null ? [] : (spellings[row.place] ?? []),
        handedOver: row.handedOver,
        noted: row.noted,
      })),
      indexOf: new Map(rows.map((row) => [row.number, row.index])),
    }
  }

  /** Addresses to suppress, those that the report names sealed for their entries; another process opens the rest. */
  function suppressionsOf(
    effects: Effects,
    workspaceId: string,
    key: ContentKeyLease,
    indexOf: ReadonlyMap<number, Buffer>,
  ) {
    return effects.suppressions.flatMap(({ number, address, reason, evidence }) => {
      const index = indexOf.get(number)
      const parsed = address === null ? null : parseAddress(address)
      if (index === undefined || parsed?.ok !== true) return []
      const id = deps.newId()
      const place = { workspaceId, table: 'suppression', column: 'address', rowId: id }
      return [{ id, index, address: seal(key, place, Buffer.from(parsed.address.email)), reason, evidence }]
    })
  }

  /** What fails here for another reason than that something is away would fail again each time: a person looks at it. */
  async function about(
    mail: Mail,
    recipient: Recipient,
    reference: ReturnPathReference,
    report: Report,
  ): Promise<Result> {
    try {
      return await keepAbout(mail, recipient, reference, report)
    } catch (error) {
      if (faultOfFailure(error).code !== 'internal') throw error
      deps.log.error({ err: error, message: reference.messageId }, 'A report could not be understood')
      return quarantine(mail, recipient, 'failed', report)
    }
  }

  async function keepAbout(
    mail: Mail,
    recipient: Recipient,
    reference: ReturnPathReference,
    report: Report,
  ): Promise<Result> {
    const message = await store.message(reference.messageId)
    if (message === null) return quarantine(mail, recipient, 'message_gone', report)
    const { workspaceId } = message
    const key = await keyOf(workspaceId)
    if (typeof key === 'string') return quarantine(mail, recipient, key, report)
    const id = deps.newId()
    const { known, indexOf } = await recipientsOf(message, reference, report)
    const effects = effectsOf(report, {
      number: reference.number,
      internal: message.lane === 'internal',
      recipients: known,
      reportId: encodeId('bounce', id),
    })
    const unnamed = effects.suppressions.find((entry) => entry.address === null)
    const place = { workspaceId, table: 'bounce_report', column: 'sealed', rowId: id }
    const result = await store.keep({
      id,
      workspaceId,
      messageId: reference.messageId,
      kind: effects.kind,
      format: report.format,
      why: null,
      digest: await digestOf(`${reference.messageId}/${reference.number}`, mail.raw),
      sizeBytes: mail.raw.length,
      findings: effects.findings,
      sealed: seal(key, place, stored(mail, recipient, STORED_BYTES_MAX)),
      events: effects.events.map((event) => ({ id: deps.newId(), ...event })),
      suppressions: suppressionsOf(effects, workspaceId, key, indexOf),
      due: unnamed ?? null,
    })
    deps.log.info(
      { report: id, message: reference.messageId, kind: effects.kind, format: report.format, result },
      'A report about a message is kept',
    )
    return result === 'full' ? FULL : KEPT
  }

  /** A key to seal for the workspace, or why there is none for now, or for good. */
  async function keyOf(
    workspaceId: string,
  ): Promise<ContentKeyLease | 'workspace_contained' | 'workspace_shredded'> {
    try {
      return await deps.keyring.contentKey(workspaceId)
    } catch (error) {
      if (error instanceof KeyringContained) return 'workspace_contained'
      if (error instanceof KeyringShredded || error instanceof KeyringRefused) return 'workspace_shredded'
      throw error
    }
  }

  async function complaint(mail: Mail, recipient: Recipient, report: Report): Promise<Result> {
    for (const candidate of report.references) {
      const reference = await referenceOf(candidate)
      if (reference !== null) return about(mail, recipient, reference, report)
    }
    const why = report.references.length === 0 ? 'no_reference' : 'forged_reference'
    return quarantine(mail, recipient, why, report)
  }

  async function one(
    mail: Mail,
    recipient: Recipient,
    read: (complaints: boolean) => Report,
  ): Promise<Result> {
    const reference = await referenceOf(recipient.localPart)
    const role = reference === null ? roleOf(recipient) : null
    if (reference !== null) return about(mail, recipient, reference, read(false))
    if (role === FEEDBACK) return complaint(mail, recipient, read(true))
    if (role === TLS_REPORTS) {
      if (deps.tlsReports !== null && (await deps.tlsReports(mail.raw))) {
        deps.metrics?.tlsReport()
        return KEPT
      }
      return quarantine(mail, recipient, 'no_tls_report', null)
    }
    return role === null
      ? { kind: 'refused', reason: 'No such address here' }
      : quarantine(mail, recipient, 'role', null)
  }

  return {
    name: 'bounces',

    async judge(recipient) {
      if (looksLikeReturnPath(recipient.localPart))
        return (await referenceOf(recipient.localPart)) === null ? 'forged' : 'taken'
      return roleOf(recipient) === null ? 'unknown' : 'taken'
    },

    async receive(mail) {
      let refused: Result | null = null
      let kept = false
      const reports = new Map<boolean, Report>()
      // Read once, however many recipients it has.
      const read = (complaints: boolean): Report => {
        const report =
          reports.get(complaints) ?? readReport(mail.raw, { envelopeFrom: mail.from, complaints })
        reports.set(complaints, report)
        return report
      }
      // RCPT may name one address a hundred times, and each would cost the keyring and the database a report.
      const recipients = Map.groupBy(mail.recipients, ({ address }) => address.toLowerCase()).values()
      for (const [recipient] of recipients) {
        if (recipient === undefined) continue
        const result = await one(mail, recipient, read)
        if (result.kind === 'kept') kept = true
        else refused = result
      }
      // What one address does not take must not make the others' mail come again.
      return kept || refused === null ? KEPT : refused
    },
  }
}

function isIndexable(address: string): boolean {
  return Buffer.byteLength(address) <= ADDRESS_BYTES_MAX
}

/** Every address that a report names as one that it is about. */
function addressesOf(report: Report): readonly string[] {
  switch (report.kind) {
    case 'delivery':
      return report.recipients.flatMap((recipient) => recipient.addresses)
    case 'complaint':
      return report.addresses
    case 'auto_reply':
    case 'challenge':
    case 'receipt':
    case 'other':
      return []
  }
}
