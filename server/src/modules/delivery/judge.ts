import type { SmtpOutcome, SmtpOutcomeInfo, SmtpReply } from '../../platform/smtp/client/index.ts'
import { classify } from './bounce-class.ts'
import type { Job, Settlement } from './job.ts'
import { retryDelayMs } from './retry-schedule.ts'

export interface Judging {
  readonly nowMs: number
  /** 0 to 1. */
  readonly random: number
  readonly retryScale: number
  /** Pauses of the rules in seconds for this lane and site; null or absent: the engine's own. */
  readonly schedule?: readonly number[] | null
}

const WAIT_SPREAD_MS = 10_000

type Facts = Readonly<Record<string, unknown>>

/** What an attempt's outcome means for the recipient: pure, and the only place that decides it. */
export function judge(
  job: Job,
  outcome: Exclude<SmtpOutcome, { kind: 'unattempted' }>,
  info: SmtpOutcomeInfo & {
    readonly source?: string
    readonly provider?: string | null
    readonly site?: string
  },
  judging: Judging,
): Settlement {
  const seen: Facts = {
    // Of a socket of this host, its path is nobody's business.
    host: info.host.startsWith('/') ? (info.site ?? 'this host') : info.host,
    ...(info.address.startsWith('/') ? {} : { address: info.address }),
    ...(info.site === undefined ? {} : { site: info.site }),
    ...(info.tls === undefined ? { tls: null } : { tls: { ...info.tls } }),
    durationMs: Math.round(info.durationMs),
    ...(info.source === undefined ? {} : { source: info.source }),
    ...(info.provider === undefined || info.provider === null ? {} : { provider: info.provider }),
    ...(info.transcript === undefined ? {} : { transcript: info.transcript.map((line) => told(job, line)) }),
  }
  switch (outcome.kind) {
    case 'delivered':
      return final(job, 'delivered', {
        stage: outcome.stage,
        ...replyFacts(job, outcome.reply),
        // The next server reports to the submitter from here on, who asked for it; what we hear of it ends with this reply.
        ...(info.dsn && job.returnPath === null && job.dsn !== undefined ? { reportsOnward: true } : {}),
        ...seen,
      })
    case 'bounced': {
      const classed = classify(outcome.reply, outcome.stage)
      return {
        ...final(job, 'bounced', {
          stage: outcome.stage,
          class: classed.class,
          reason: classed.reason,
          rule: classed.rule,
          ...replyFacts(job, outcome.reply),
          ...seen,
        }),
        suppress: classed.class === 'recipient' && outcome.local !== true,
      }
    }
    case 'deferred': {
      const classed = classify(outcome.reply, outcome.stage)
      return retry(
        job,
        'message.deferred',
        {
          stage: outcome.stage,
          class: classed.class,
          reason: classed.reason,
          rule: classed.rule,
          ...replyFacts(job, outcome.reply),
          ...seen,
        },
        judging,
      )
    }
    case 'uncertain':
      return uncertain(job, { stage: 'dot', cause: withoutAddress(job, outcome.cause), ...seen }, judging)
  }
}

/**
 * The final dot went out and no answer came (RFC 1047): the other side may have the message. Bulk mail ends as uncertain, since
 * a second copy annoys more than a lost one; other lanes send the same Message-ID again, since a receiver can drop the copy.
 */
export function uncertain(job: Job, detail: Facts, judging: Judging): Settlement {
  return job.row.lane === 'bulk'
    ? final(job, 'uncertain', detail)
    : retry(job, 'message.uncertain', detail, judging)
}

/** No attempt could be made for a reason that may pass: DNS, connection, TLS. It counts as an attempt for the schedule. */
export function unreachable(job: Job, detail: Facts, judging: Judging): Settlement {
  return retry(job, 'message.deferred', { class: 'infrastructure', ...scrub(job, detail) }, judging)
}

/** DNS says for certain that the domain takes no mail. */
export function undeliverable(job: Job, enhanced: string, reason: string): Settlement {
  return {
    ...final(job, 'bounced', {
      stage: 'dns',
      class: 'recipient',
      enhanced,
      reply: withoutAddress(job, reason),
    }),
    suppress: true,
  }
}

/** Gives a row back untouched, to be tried at `due`. */
export function putBack(row: Job['row'], lease: string, due: Date | undefined): Settlement {
  return {
    ...identity(row, lease),
    state: null,
    attempted: false,
    due,
    type: undefined,
    detail: {},
    suppress: false,
  }
}

/** It waits for its turn, which is no attempt; the timeline says why. */
export function waits(
  job: Job,
  reason: string,
  when: { readonly untilMs: number; readonly dueMs: number },
  random: number,
): Settlement {
  // What waited for the same moment does not come back in the same one.
  const spread = random * WAIT_SPREAD_MS
  const due = new Date(Math.min(when.dueMs + spread, job.row.expiresAt.getTime()))
  const next = new Date(Math.min(when.untilMs + spread, job.row.expiresAt.getTime()))
  return {
    ...putBack(job.row, job.lease, due),
    type: 'message.deferred',
    detail: {
      stage: 'queue',
      class: 'policy',
      reason: withoutAddress(job, reason),
      nextAttemptAt: next.toISOString(),
    },
  }
}

/** Ends a row that needs no attempt. */
export function endUnattempted(
  row: Job['row'],
  lease: string,
  state: 'expired' | 'suppressed' | 'bounced',
  reason: string,
): Settlement {
  return {
    ...identity(row, lease),
    state,
    attempted: false,
    due: undefined,
    type: undefined,
    detail: { reason },
    suppress: false,
  }
}

/** As engine.stopped_detail (0050) says it of recipients that were suppressed when they were accepted. */
export function endSuppressed(row: Job['row'], lease: string, suppression: string): Settlement {
  const reason = suppression === 'topic' ? 'left the topic' : 'on the suppression list'
  return { ...endUnattempted(row, lease, 'suppressed', reason), detail: { reason, suppression } }
}

function final(job: Job, state: NonNullable<Settlement['state']>, detail: Facts): Settlement {
  return {
    ...identity(job.row, job.lease),
    state,
    attempted: true,
    due: undefined,
    type: undefined,
    detail,
    suppress: false,
  }
}

function retry(job: Job, type: NonNullable<Settlement['type']>, detail: Facts, judging: Judging): Settlement {
  const delayMs = retryDelayMs(
    job.row.lane,
    job.row.attempts + 1,
    judging.retryScale,
    judging.random,
    judging.schedule ?? undefined,
  )
  // A next attempt behind expiry would never be made; the row is due at expiry and ends there.
  const due = new Date(Math.min(judging.nowMs + delayMs, job.row.expiresAt.getTime()))
  return {
    ...identity(job.row, job.lease),
    state: null,
    attempted: true,
    due,
    type,
    detail: { ...detail, attempt: job.row.attempts + 1, nextAttemptAt: due.toISOString() },
    suppress: false,
  }
}

function identity(row: Job['row'], lease: string) {
  return { lane: row.lane, lease, messageId: row.messageId, number: row.number }
}

function replyFacts(job: Job, reply: SmtpReply): Facts {
  return {
    code: reply.code,
    ...(reply.enhanced === undefined ? {} : { enhanced: reply.enhanced }),
    reply: withoutAddress(job, reply.text).slice(0, 1_000),
  }
}

function scrub(job: Job, facts: Facts): Facts {
  return Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [
      key,
      typeof value === 'string' ? withoutAddress(job, value) : value,
    ]),
  )
}

/** What may be an address, in a line of the dialogue: several recipients share it, and none is to be read in the story of another. */
const ADDRESS = /[^\s<>"'(),;:[\]]+@[^\s<>"'(),;:[\]]+/g

/** A line of the dialogue without anybody's address; what stays of the envelope is whose turn it was. */
function told(job: Job, line: string): string {
  // Nearly all lines end here; this is the hot path of every delivery.
  const bare = ENVELOPE_OR_SOCKET.test(line) ? withoutEnvelope(line) : line
  return bare.includes('@') ? withoutAddress(job, bare).replaceAll(ADDRESS, '<address>') : bare
}

const ENVELOPE_OR_SOCKET = / C: (?:MAIL|RCPT) | connected to \//

function withoutEnvelope(line: string): string {
  return (
    line
      .replace(/ C: RCPT TO:<[^>]*>/, ' C: RCPT TO:<recipient>')
      .replace(/ C: MAIL FROM:<[^>]+>/, ' C: MAIL FROM:<sender>')
      // A socket of this host, and what is told to the local inbox alone.
      .replace(/ connected to \/.*/, ' connected')
      .replace(/ XBULKHEAD=\S+/, '')
  )
}

/** Replies often repeat the address; outcomes are not sealed, so it is taken out. A reply is latin1 text, also of UTF-8 bytes. */
function withoutAddress(job: Job, text: string): string {
  const written = [job.email, Buffer.from(job.email).toString('latin1')].map((email) => email.toLowerCase())
  return [...new Set(written)].reduce((rest, address) => {
    const local = address.slice(0, address.lastIndexOf('@'))
    const whole = cutOut(rest, address)
    return local.length > 2 ? cutOut(whole, `${local}@`) : whole
  }, text)
}

function cutOut(text: string, part: string): string {
  const haystack = text.toLowerCase()
  let result = ''
  let from = 0
  for (let at = haystack.indexOf(part); at >= 0; at = haystack.indexOf(part, from)) {
    result += `${text.slice(from, at)}<recipient>`
    from = at + part.length
  }
  return result + text.slice(from)
}
