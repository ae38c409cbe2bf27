import { z } from 'zod'
import { parseDomain } from '../../kernel/email-address.ts'

/** A domain in requests, in the form in which it is compared: lower case, A-labels. */
export const DomainName = z
  .string()
  .max(253)
  .transform((text, context) => {
    const parsed = parseDomain(text)
    if (parsed.ok) return parsed.domain
    context.addIssue(parsed.problem)
    return z.NEVER
  })
