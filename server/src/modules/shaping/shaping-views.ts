import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'

export const RulesProblemView = z
  .object({
    file: z.string(),
    line: z.int().nullable().describe('Counted from 1; null where it belongs to no line.'),
    field: z.string().describe('Path of the table or key; empty for the whole file.'),
    problem: z.string(),
    fix: z.string().describe('What to write instead.'),
  })
  .meta({ id: 'ShapingProblem' })

export const CheckView = z
  .object({
    ok: z.boolean(),
    file: z.string().nullable().describe('The file that was looked at; null: there is none.'),
    inForce: z
      .enum(['shipped', 'file', 'given'])
      .describe('Which rules this process goes by; `given`: the text was checked, and nothing applied.'),
    problems: z.array(RulesProblemView),
    providers: z.array(z.string()),
    automation: z
      .array(z.string())
      .describe('Names of the rules about replies, in the order in which they are tried.'),
  })
  .meta({ id: 'ShapingCheck' })

export const BecauseView = z
  .object({
    key: z.string(),
    value: z.string(),
    layer: z.string(),
    rule: z.string().describe('Where it is written: file and line, or built-in.'),
  })
  .meta({ id: 'ShapingReason' })

export const EvidenceView = z.object({
  at: z.string(),
  code: z.int(),
  enhanced: z.string().nullable(),
  text: z.string(),
  stage: z.string(),
  lane: z.string(),
})

export const OverlayView = z
  .object({
    id: z.string(),
    kind: z.enum(['suspend', 'set']),
    rule: z.string(),
    at: z.enum(['site', 'provider']),
    place: z.string(),
    source: z.string().nullable(),
    workspaceId: z.string().nullable().describe('Whose mail it holds for; null: everybody’s.'),
    settings: z.record(z.string(), z.unknown()),
    reason: z.string(),
    hits: z.int(),
    evidence: z.array(EvidenceView).describe('At most 10 replies, without addresses.'),
    madeAt: Instant,
    until: Instant,
    endedAt: Instant.nullable(),
    endedBy: z.string().nullable().describe('Who lifted it.'),
  })
  .meta({ id: 'ShapingOverlay' })

/** An overlay as somebody sees it whose mail it holds up. */
export const EffectView = z
  .object({
    id: z.string(),
    kind: z.enum(['suspend', 'set']),
    rule: z.string(),
    place: z.string(),
    source: z.string().nullable().describe('Mail from this source only; null: the default route.'),
    ofWorkspace: z.boolean().describe('It holds for this workspace alone.'),
    settings: z.record(z.string(), z.unknown()),
    reason: z.string(),
    until: Instant,
  })
  .meta({ id: 'ShapingEffect' })

export const ResolvedView = z
  .object({
    domain: z.string(),
    site: z.string(),
    provider: z.string().nullable(),
    source: z.string().nullable(),
    mxHosts: z.array(z.string()),
    ofDomain: z
      .boolean()
      .describe('The limits hold for this domain alone; other domains of the site have others.'),
    because: z.array(BecauseView).describe('Every limit, its value, and which layer decided it.'),
    overlays: z.array(OverlayView).describe('What is in force there, without the replies.'),
  })
  .meta({ id: 'ShapingResolved' })

export const ExplainedView = z
  .object({
    messageId: z.string(),
    recipients: z.array(
      z.object({
        number: z.int(),
        email: z.string(),
        lane: z.string(),
        attempts: z.int(),
        why: z.string().describe('In one sentence, why it waits.'),
        nextAttemptAt: Instant,
        expiresAt: Instant,
        site: z.string().nullable().describe('Null where no sender has looked yet.'),
        provider: z.string().nullable(),
        mxHosts: z.array(z.string()),
        policy: z.string().nullable().describe('How TLS is enforced: dane, sts or none.'),
        because: z.array(BecauseView),
        overlays: z.array(EffectView),
        pause: z
          .object({ id: z.string(), reason: z.string(), until: Instant.nullable() })
          .nullable()
          .describe('What an operator or the workspace itself has stopped.'),
        lastReplies: z
          .array(
            z.object({
              at: Instant,
              code: z.int().nullable(),
              enhanced: z.string().nullable(),
              text: z.string(),
            }),
          )
          .describe('The newest 3, newest first.'),
      }),
    ),
    done: z.int().describe('Recipients that wait no more.'),
  })
  .meta({ id: 'ShapingExplained' })
