import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'

const Sessions = z.int().describe('TLS sessions.')

export const ReceivedTlsReport = z.object({
  domain: z.string().describe('The domain it is about.'),
  organisation: z.string().describe('Who reports, by its own word: nobody has proven it.'),
  reportId: z.string(),
  beginsAt: Instant,
  endsAt: Instant,
  successes: Sessions,
  failures: Sessions,
  policies: z.array(
    z.object({
      policyType: z.string().describe('sts, tlsa or no-policy-found.'),
      policyStrings: z.array(z.string()),
      mxHosts: z.array(z.string()),
      successes: Sessions,
      failures: Sessions,
      details: z.array(
        z.object({
          result: z.string().describe('A result type of RFC 8460 §4.3.'),
          sessions: Sessions,
          sendingIp: z.string().nullable(),
          mxHost: z.string().nullable(),
          receivingIp: z.string().nullable(),
          reason: z.string().nullable(),
        }),
      ),
    }),
  ),
  receivedAt: Instant,
})

export const SentTlsReport = z.object({
  domain: z.string().describe('Whom it was for.'),
  day: z.string().describe('Of UTC.'),
  state: z.enum(['sent', 'failed']),
  settledAt: Instant,
  endpoints: z.array(z.string()).describe('Where it went, as the domain publishes it in DNS.'),
  successes: Sessions.nullable(),
  failures: Sessions.nullable(),
  error: z.string().nullable(),
})

export const TransportState = z.object({
  dane: z.object({
    state: z
      .enum(['off', 'on', 'not-validating', 'unreachable'])
      .describe(
        'off: no validating resolver is named. not-validating: the one that is named proves nothing.',
      ),
    resolver: z.string().nullable().describe('BULKHEAD_DNSSEC_RESOLVER.'),
    advice: z.string().nullable().describe('What to do, where DANE is not on.'),
  }),
  shares: z
    .array(
      z.object({
        policy: z
          .enum(['dane', 'sts', 'none'])
          .describe('none: TLS where it is offered, certificates not checked.'),
        destinations: z.int().describe('Domains whose servers senders found in the last 30 days.'),
        domains: z.int().describe('Domains with sessions today or yesterday (UTC).'),
        sessions: Sessions,
        failures: Sessions,
      }),
    )
    .describe('What protects mail on its way.'),
  problems: z
    .array(
      z.object({
        domain: z.string(),
        policy: z.enum(['dane', 'sts', 'none']),
        result: z.string().describe('A result type of RFC 8460 §4.3.'),
        mxHost: z.string().nullable(),
        sessions: Sessions,
        lastDay: z.string(),
      }),
    )
    .describe('Sessions of today and yesterday that went wrong, the most first; at most 50.'),
  reportsSent: z.boolean().describe('BULKHEAD_TLS_REPORTS.'),
  policies: z.object({
    data: z.array(
      z.object({
        domain: z.string(),
        mode: z.enum(['enforce', 'testing', 'none']),
        mx: z.array(z.string()),
        fetchedAt: Instant,
        expiresAt: Instant,
        failedAt: Instant.nullable().describe('When fetching it last failed, since it was last fetched.'),
        problem: z.string().nullable(),
      }),
    ),
    nextCursor: z.string().nullable(),
  }),
})
