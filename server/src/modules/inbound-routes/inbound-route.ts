import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'

/** How long a mail is tried, and kept where it is refused: as long as the vendor whose format it is told in. */
export const KEPT_HOURS = 72

export const InboundRoute = z.object({
  id: z.string(),
  hostname: z.string(),
  url: z.string(),
  sendRaw: z.boolean(),
  isActive: z
    .boolean()
    .describe(
      'False: no verified sending domain of the workspace is the host name or stands above it, and nothing is taken.',
    ),
  publicKey: z
    .string()
    .describe('What requests are verified with, in base64 (SPKI): ECDSA on P-256 with SHA-256.'),
  createdAt: Instant,
})

export const InboundMail = z.object({
  id: z.string(),
  state: z
    .enum(['pending', 'delivered', 'failed', 'expired'])
    .describe(
      'failed: refused by the receiver; kept until expiresAt. expired: not taken in time, and erased.',
    ),
  attempts: z.int(),
  nextAttemptAt: Instant.nullable(),
  lastStatus: z.int().nullable(),
  lastError: z.string().nullable(),
  sizeBytes: z.int(),
  receivedAt: Instant,
  expiresAt: Instant,
  settledAt: Instant.nullable(),
})

const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/

/** A host name as it is looked up; null where it is none. A name in another script is written as DNS has it. */
export function hostnameOf(text: string): string | null {
  const name = text.trim().toLowerCase().replace(/\.$/, '')
  const ascii = URL.parse(`http://${name}/`)?.hostname ?? ''
  const labels = ascii.split('.')
  const isName = ascii.length <= 253 && labels.length >= 2 && labels.every((label) => LABEL.test(label))
  return isName && !/^\d+$/.test(labels.at(-1) ?? '') ? ascii : null
}

/** The names that prove a host name: itself and those above it, without the last label. */
export function provenBy(hostname: string): string[] {
  const labels = hostname.split('.')
  return labels.slice(0, -1).map((_, at) => labels.slice(at).join('.'))
}
