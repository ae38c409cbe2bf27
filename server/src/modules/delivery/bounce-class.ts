import type { SmtpReply } from '../../platform/smtp/client/index.ts'
import { classifyRefusal, type Classification } from '../bounces/index.ts'

/** The class of a refusal in a session: see `classifyRefusal`, which reports use too. */
export function classify(reply: SmtpReply, stage: string): Classification {
  return classifyRefusal({ code: reply.code, enhanced: reply.enhanced, text: reply.text, stage })
}
