import type { SmtpTransaction } from '../../platform/smtp/client/index.ts'
import { WHOLE_MESSAGE, writeReturnPath } from '../../security/references/index.ts'
import type { MessageSummary } from '../messages/index.ts'
import type { Job } from './job.ts'
import type { Offer } from './site/site-dispatcher.ts'
import { INBOX, type Site } from './site/site.ts'

/** What a job's envelope says. Bounces name the recipient where it goes alone, the message where several go together (VERP). */
export function transactionOf(offer: Offer, site: Site): SmtpTransaction {
  const [job] = offer
  // Who sent it is told to our own inbox only; there TLS means nothing.
  const isInbox = site.key === INBOX
  const isLocal = site.hosts.every(({ target }) => 'path' in target)
  return {
    from: senderOf(job, offer.length),
    recipients: offer.map(recipientOf),
    chunks: job.chunks,
    bytes: job.bytes,
    eightBit: job.eightBit,
    smtputf8: job.smtputf8,
    ...(job.tlsFloor === 'requiretls' && !isLocal ? { requireTls: true } : {}),
    ...(isInbox
      ? { mailParameters: [`XBULKHEAD=${job.row.workspaceId}/${job.row.messageId}`] }
      : job.dsn === undefined
        ? {}
        : { mailParameters: job.dsn.mail }),
  }
}

function senderOf({ envelopeFrom, returnPath, row }: Job, recipients: number): string {
  if (returnPath === null) return envelopeFrom
  const number = recipients === 1 ? row.number : WHOLE_MESSAGE
  return `${writeReturnPath(returnPath.key, { messageId: row.messageId, number })}@${returnPath.host}`
}

/**
 * What reports of complaints find a message by, where they leave out the envelope (RFC 5965 §3.2): a field with the same reference as the
 * return path. Before the signed fields, because it differs from copy to copy; its MAC is its own proof.
 */
export function referenceField(rows: readonly Job['row'][], returnPath: Job['returnPath']): string {
  const [first] = rows
  if (returnPath === null || first === undefined) return ''
  const number = rows.length === 1 ? first.number : WHOLE_MESSAGE
  return `X-Bulkhead-Reference: ${writeReturnPath(returnPath.key, { messageId: first.messageId, number })}\r\n`
}

function recipientOf(job: Job) {
  return job.dsn === undefined ? { address: job.email } : { address: job.email, parameters: job.dsn.rcpt }
}

/**
 * The parameters of RFC 3461 that go on to the next server. Where the return path is ours, reports come to us, and we tell the submitter:
 * then failures are asked for and nothing else, headers suffice, and the message is named by our own id. Where it is the submitter's own address,
 * what was asked for goes on as it is.
 */
export function dsnParameters(
  summary: Pick<MessageSummary, 'dsn'>,
  number: number,
  messageId: string,
  isOurs: boolean,
): Job['dsn'] {
  const { dsn } = summary
  if (dsn === undefined) return undefined
  const { notify, orcpt } = dsn.recipients?.[String(number)] ?? {}
  const kept = orcpt === undefined ? [] : [`ORCPT=${orcpt}`]
  if (!isOurs)
    return {
      mail: [
        ...(dsn.ret === undefined ? [] : [`RET=${dsn.ret}`]),
        ...(dsn.envid === undefined ? [] : [`ENVID=${dsn.envid}`]),
      ],
      rcpt: [...(notify === undefined ? [] : [`NOTIFY=${notify.join(',')}`]), ...kept],
    }
  return {
    mail: ['RET=HDRS', `ENVID=${messageId}`],
    rcpt: ['NOTIFY=FAILURE', ...kept],
  }
}
