import type { SmtpReply } from '../../../platform/smtp/client/index.ts'

/**
 * Whether a reply is about how we send rather than about the message: 421, "too many connections" (4.3.2, 4.4.5, 4.5.3) and the policies
 * of providers against speed (4.7.x). Only these slow a site down: a full mailbox or an unknown user says nothing about the next message.
 */
export function asksForLess(reply: SmtpReply): boolean {
  if (reply.code === 421) return true
  if (reply.code < 400 || reply.code >= 500) return false
  return (
    /^4\.(?:7\.|3\.2$|4\.5$)/.test(reply.enhanced ?? '') && !/greylist|grey-list|graylist/i.test(reply.text)
  )
}
