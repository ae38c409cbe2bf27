import { Fault } from '../../kernel/faults.ts'
import { faultOfFailure } from '../../platform/failures.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import { hashSecret } from '../../security/access/index.ts'
import type { Access } from '../../security/access/index.ts'
import { clientKeyOf } from '../../security/limits/index.ts'
import type { Limiter } from '../../security/limits/index.ts'
import { reportLeaked } from './leaked-keys-store.ts'
import type { LeakOutcome } from './leaked-keys-store.ts'
import type { ReportKeys } from './report-keys.ts'
import { isSignedBy, parseFindings } from './signed-report.ts'

/** An answer to one finding, in GitHub's own words. The token comes back as its SHA-256 (hex) only. */
export interface SignedFinding {
  readonly token_hash: string
  readonly token_type: string
  readonly label: 'true_positive' | 'false_positive'
}

export interface LeakedKeys {
  /** A report by whoever shows the key. `unknown` for what is no key of this installation. Throws `too_many_requests`, `unavailable`. */
  report(key: string, clientAddress: string): Promise<LeakOutcome | 'unknown'>
  /**
   * A report as GitHub signs them. Throws `unauthenticated` where the signature does not hold, `invalid_request` for what is no report,
   * `not_found` where the installation takes none, `too_many_requests` and `unavailable`.
   */
  reportSigned(request: {
    readonly raw: Buffer
    readonly keyIdentifier: string | undefined
    readonly signature: string | undefined
    readonly clientAddress: string
  }): Promise<SignedFinding[]>
}

export const SIGNED_REPORT_BYTES_MAX = 1024 * 1024
const IDENTIFIER = /^[\x21-\x7e]{1,200}$/
/** Look-ups of one report at a time. */
const AT_ONCE = 8

/** Reports of leaked keys: see the slice's door for what holds. `reportKeys` is null where no list of keys is configured. */
export function createLeakedKeys(deps: {
  readonly pool: Queryable
  readonly access: Pick<Access, 'recogniseApiKey' | 'forget'>
  readonly limiter: Pick<Limiter, 'take'>
  readonly reportKeys: ReportKeys | null
}): LeakedKeys {
  async function requireTurn(bucket: string, address: string, capacity: number): Promise<void> {
    const taken = await deps.limiter
      .take({ bucket, key: clientKeyOf(address), capacity, refillPerSecond: capacity / 60 })
      .catch((error: unknown) => {
        throw faultOfFailure(error)
      })
    if (taken.allowed) return
    throw new Fault('too_many_requests', {
      detail: 'Too many reports from here in the last minute; try again.',
      retryAfterSeconds: taken.retryAfterSeconds,
    })
  }

  async function answerTo(key: string, source: string): Promise<LeakOutcome | 'unknown'> {
    const found = await deps.access.recogniseApiKey(key)
    if (found === null) return 'unknown'
    const outcome = await reportLeaked(deps.pool, found.id, source).catch((error: unknown) => {
      throw faultOfFailure(error)
    })
    // Who reports what is dead already makes no process ask for everything anew.
    if (outcome === 'revoked' || outcome === 'tightened') deps.access.forget()
    return outcome ?? 'unknown'
  }

  return {
    async report(key, clientAddress) {
      await requireTurn('leak_report', clientAddress, 20)
      return answerTo(key, 'holder')
    },

    async reportSigned({ raw, keyIdentifier, signature, clientAddress }) {
      if (deps.reportKeys === null)
        throw new Fault('not_found', { detail: 'This installation takes no signed reports.' })
      await requireTurn('signed_leak_report', clientAddress, 120)
      if (keyIdentifier === undefined || signature === undefined || !IDENTIFIER.test(keyIdentifier))
        throw unsigned()
      const key = await deps.reportKeys.of(keyIdentifier)
      if (key === null || !isSignedBy(key, raw, signature)) throw unsigned()
      const findings = parseFindings(raw)
      if (findings === null) {
        throw new Fault('invalid_request', {
          detail:
            'The body is no report: a JSON array of at most 1,000 objects with token, type, url and source.',
        })
      }
      const answers: SignedFinding[] = []
      for (let at = 0; at < findings.length; at += AT_ONCE) {
        const part = findings.slice(at, at + AT_ONCE)
        const outcomes = await Promise.all(part.map(({ token }) => answerTo(token, 'github')))
        for (const [place, { token, type }] of part.entries())
          answers.push({
            token_hash: hashSecret(token).toString('hex'),
            token_type: type,
            label: outcomes[place] === 'unknown' ? 'false_positive' : 'true_positive',
          })
      }
      return answers
    },
  }
}

function unsigned(): Fault {
  return new Fault('unauthenticated', {
    detail:
      'The report is not signed by a key of the configured list. Sign the raw body (ECDSA P-256, SHA-256).',
  })
}
