import type { BounceClass } from './classify.ts'

export interface StatusMeaning {
  readonly class: BounceClass
  /** What it means, for people. */
  readonly reason: string
}

const meaning = (kind: BounceClass, reason: string): StatusMeaning => ({ class: kind, reason })

/**
 * Subject and detail of the enhanced status codes: RFC 3463, and the IANA registry of RFC 5248 with what RFC 4865, 4954, 5321, 6531,
 * 6710, 7293, 7372, 7505, 8616 and 8689 added. `recipient` are only those that say of the address that mail for it has no place to go.
 */
export const STATUS_MEANINGS: Readonly<Record<string, StatusMeaning>> = {
  '1.1': meaning('recipient', 'there is no such mailbox'),
  '1.2': meaning('recipient', 'there is no such mail domain'),
  '1.3': meaning('recipient', 'the address is not well formed'),
  '1.4': meaning('protocol', 'the address is ambiguous there'),
  '1.5': meaning('protocol', 'the address is valid; the report contradicts itself'),
  '1.6': meaning('recipient', 'the mailbox has moved and its new address is not known'),
  '1.7': meaning('protocol', 'the sender address is not well formed'),
  '1.8': meaning('protocol', 'the domain of the sender address takes no mail'),
  '1.9': meaning('protocol', 'the mail was relayed to a system that reports nothing'),
  '1.10': meaning('recipient', 'the domain says that it takes no mail'),
  '2.1': meaning('recipient', 'the mailbox is disabled'),
  '2.2': meaning('mailbox', 'the mailbox is full'),
  '2.3': meaning('content', 'the message is larger than the mailbox takes'),
  '2.4': meaning('mailbox', 'the mailing list behind the address is broken'),
  '3.1': meaning('infrastructure', 'the mail system there is full'),
  '3.2': meaning('infrastructure', 'the mail system there takes no mail at the moment'),
  '3.3': meaning('infrastructure', 'the mail system there lacks a feature that the message needs'),
  '3.4': meaning('content', 'the message is too large for the mail system there'),
  '3.5': meaning('infrastructure', 'the mail system there is not set up correctly'),
  '3.6': meaning('infrastructure', 'the priority was changed'),
  '4.1': meaning('infrastructure', 'the host there does not answer'),
  '4.2': meaning('infrastructure', 'the connection broke'),
  '4.3': meaning('infrastructure', 'a directory that was needed did not answer'),
  '4.4': meaning('infrastructure', 'there is no route to the host'),
  '4.5': meaning('infrastructure', 'the mail system there is overloaded'),
  '4.6': meaning('infrastructure', 'the mail went round in a loop'),
  '4.7': meaning('infrastructure', 'it was tried for as long as it may be'),
  '5.1': meaning('protocol', 'the command is not valid there'),
  '5.2': meaning('protocol', 'the command was not understood'),
  '5.3': meaning('protocol', 'too many recipients in one transaction'),
  '5.4': meaning('protocol', 'an argument is not valid'),
  '5.5': meaning('protocol', 'the version of the protocol does not fit'),
  '5.6': meaning('protocol', 'the authentication exchange was too long'),
  '6.1': meaning('content', 'the kind of content is not taken'),
  '6.2': meaning('content', 'the content had to be converted and may not be'),
  '6.3': meaning('content', 'the content had to be converted and cannot be'),
  '6.4': meaning('content', 'the content was converted with losses'),
  '6.5': meaning('content', 'the conversion of the content failed'),
  '6.6': meaning('content', 'the content is not available'),
  '6.7': meaning('content', 'non-ASCII addresses are not taken there'),
  '6.8': meaning('content', 'a reply in UTF-8 was needed'),
  '6.9': meaning('content', 'a header in UTF-8 cannot be passed on'),
  '6.10': meaning('content', 'a header in UTF-8 cannot be passed on'),
  '7.1': meaning('policy', 'delivery is not allowed there'),
  '7.2': meaning('policy', 'the sender may not write to that list'),
  '7.3': meaning('policy', 'a conversion for security was needed and is not possible'),
  '7.4': meaning('policy', 'a security feature is not supported there'),
  '7.5': meaning('policy', 'a cryptographic failure'),
  '7.6': meaning('policy', 'a cryptographic method is not supported there'),
  '7.7': meaning('policy', 'the message was changed on its way'),
  '7.8': meaning('policy', 'the log-in was refused'),
  '7.9': meaning('policy', 'the way of logging in is too weak'),
  '7.10': meaning('policy', 'encryption is needed'),
  '7.11': meaning('policy', 'encryption is needed for this way of logging in'),
  '7.12': meaning('policy', 'a change of password is needed'),
  '7.13': meaning('policy', 'the account is disabled'),
  '7.14': meaning('policy', 'a trust relationship is needed'),
  '7.15': meaning('policy', 'the priority is too low'),
  '7.16': meaning('policy', 'the message is too large for its priority'),
  '7.17': meaning('recipient', 'the mailbox belongs to somebody else now'),
  '7.18': meaning('recipient', 'the domain belongs to somebody else now'),
  '7.19': meaning('policy', 'whether the mailbox changed hands cannot be told'),
  '7.20': meaning('policy', 'no DKIM signature passed'),
  '7.21': meaning('policy', 'no DKIM signature was acceptable'),
  '7.22': meaning('policy', 'no DKIM signature matches the author'),
  '7.23': meaning('policy', 'SPF failed'),
  '7.24': meaning('policy', 'SPF could not be checked'),
  '7.25': meaning('policy', 'the reverse name of the sending address does not fit'),
  '7.26': meaning('policy', 'SPF, DKIM and DMARC failed'),
  '7.27': meaning('policy', 'the domain of the sender address takes no mail'),
  '7.28': meaning('policy', 'too much mail at once'),
  '7.29': meaning('policy', 'ARC failed'),
  '7.30': meaning('policy', 'TLS was required and could not be passed on'),
}

/** Where the detail is 0 or not registered, the first digit after the class still says who is to blame. */
export const SUBJECT_MEANINGS: Readonly<Record<string, StatusMeaning>> = {
  '0': meaning('infrastructure', 'something that the code does not tell'),
  '1': meaning('protocol', 'something about an address'),
  '2': meaning('mailbox', 'something about the mailbox'),
  '3': meaning('infrastructure', 'something about the mail system there'),
  '4': meaning('infrastructure', 'something about the network or the route'),
  '5': meaning('protocol', 'something about the protocol'),
  '6': meaning('content', 'something about the content'),
  '7': meaning('policy', 'something about policy or security'),
}

/**
 * Codes that receivers use for nearly everything: where the text says more, the text is believed. 5.4.1 is Microsoft's answer for an address
 * that is not in the directory, and everybody else's for a host that is away.
 */
export const VAGUE_STATUS: ReadonlySet<string> = new Set(['4.1', '5.1', '5.2', '5.4', '7.1'])
