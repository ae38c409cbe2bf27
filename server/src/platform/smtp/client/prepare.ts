import { Fault } from '../../../kernel/faults.ts'
import { dotStuff } from './content.ts'
import type { WireContent } from './content.ts'
import { writeEnvelope } from './envelope.ts'
import type { Envelope, Peer } from './envelope.ts'
import type { SmtpReply, SmtpTransaction } from './types.ts'

/** A transaction as it goes over the wire to this peer, or this client's own refusal. */
export type Prepared =
  | (Extract<Envelope, { kind: 'ready' }> & { readonly content: WireContent })
  | { readonly kind: 'refused'; readonly reply: SmtpReply }

/** Everything that can be known to be wrong is found here, before a byte is written. Never throws. */
export function prepareTransaction(transaction: SmtpTransaction, peer: Peer): Prepared {
  try {
    const envelope = writeEnvelope(transaction, peer)
    if (envelope.kind === 'refused') return envelope
    const content = dotStuff(transaction.chunks)
    if (content === null) {
      const text = 'The content has bare CR or LF line ends around a dot, which cannot be sent safely'
      return { kind: 'refused', reply: { code: 554, enhanced: '5.6.0', text } }
    }
    const { mail, rcpt, refusals } = envelope
    return { kind: 'ready', mail, rcpt, refusals, content }
  } catch (error) {
    const text = error instanceof Fault ? error.detail : String(error)
    return { kind: 'refused', reply: { code: 553, enhanced: '5.1.3', text } }
  }
}
