import type { DnsResolver } from '../../platform/dns/index.ts'
import { EgressError } from '../../platform/egress/index.ts'
import type { Egress } from '../../platform/egress/index.ts'
import type { TlsFailureType } from '../../platform/smtp/client/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import { parseStsPolicy, POLICY_BYTES_MAX, readStsId } from './sts-policy.ts'
import type { StsPolicy } from './sts-policy.ts'
import type { KnownPolicy, StsStore } from './sts-store.ts'

/** What holds for a domain now. */
export interface StsState {
  readonly policy: StsPolicy | null
  /** A policy is announced and could not be had; with `policy`, the one that is known still holds. */
  readonly problem: TlsFailureType | null
  /** The shared cache could not be read: whether a policy is known cannot be said, and mail waits. */
  readonly unavailable?: true
}

export interface StsPolicies {
  /** The policy of a domain, from the cache that all senders share, or fetched. `domain`: canonical. Never throws. */
  policyOf(domain: string): Promise<StsState>
  /** Fetches again what is in use and about to end; answers how many. For the worker: in any number of processes. */
  refreshDue(): Promise<number>
}

export interface StsPoliciesDeps {
  readonly store: StsStore
  readonly resolver: Pick<DnsResolver, 'txt'>
  readonly egress: Pick<Egress, 'call'>
  readonly log: Logger
  /** Default: the address of RFC 8461 §3.3. */
  readonly urlOf?: (domain: string) => string
  readonly nowMs?: () => number
}

const FETCH_MS = 60_000
/** How long a process goes on with what it knows before it looks at DNS and the shared cache again. */
const LOOK_AGAIN_MS = 60_000
/** RFC 8461 §3.3: no new try within five minutes of one that failed. */
const AFTER_FAILURE_MS = 300_000
const REMEMBERED_MAX = 50_000
const REFRESH_AT_ONCE = 20

const UNAVAILABLE: StsState = { policy: null, problem: null, unavailable: true }

type Fetched =
  | { readonly ok: true; readonly policy: StsPolicy }
  | { readonly ok: false; readonly problem: TlsFailureType; readonly reason: string }

/** The policies of MTA-STS: see the slice's door for what holds. */
export function createStsPolicies(deps: StsPoliciesDeps): StsPolicies {
  const { store, log } = deps
  const nowMs = deps.nowMs ?? (() => performance.now())
  const urlOf = deps.urlOf ?? ((domain) => `https://mta-sts.${domain}/.well-known/mta-sts.txt`)
  const remembered = new Map<string, { readonly state: StsState; readonly untilMs: number }>()
  const underWay = new Map<string, Promise<StsState>>()
  const failedAtMs = new Map<string, { readonly atMs: number; readonly problem: TlsFailureType }>()

  async function fetchPolicy(domain: string): Promise<Fetched> {
    try {
      const answer = await deps.egress.call({
        method: 'GET',
        url: urlOf(domain),
        headers: { accept: 'text/plain', 'user-agent': 'bulkhead' },
        body: null,
        timeoutMs: FETCH_MS,
        answerBytesMax: POLICY_BYTES_MAX,
      })
      // RFC 8461 §3.3: redirects are not followed.
      if (answer.status !== 200) return failed('sts-policy-fetch-error', `It answered ${answer.status}.`)
      const type = (answer.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
      if (type !== 'text/plain') return failed('sts-policy-invalid', 'Its content type is not text/plain.')
      const parsed = parseStsPolicy(answer.body)
      return parsed.ok ? parsed : failed('sts-policy-invalid', parsed.problem)
    } catch (error) {
      if (!(error instanceof EgressError)) throw error
      return failed(
        isCertificate(error.cause) ? 'sts-webpki-invalid' : 'sts-policy-fetch-error',
        error.message,
      )
    }
  }

  /** Fetches, unless that failed minutes ago, and keeps what came. */
  async function renew(domain: string, id: string, known: KnownPolicy | null): Promise<StsState> {
    const before = failedAtMs.get(domain)
    if (before !== undefined && nowMs() - before.atMs < AFTER_FAILURE_MS)
      return { policy: known?.policy ?? null, problem: before.problem }
    const fetched = await fetchPolicy(domain)
    if (fetched.ok) {
      failedAtMs.delete(domain)
      await store.save(domain, id, fetched.policy)
      return { policy: fetched.policy, problem: null }
    }
    forgetOldest(failedAtMs)
    failedAtMs.set(domain, { atMs: nowMs(), problem: fetched.problem })
    log.warn(
      { domain, problem: fetched.problem, reason: fetched.reason, known: known !== null },
      'An MTA-STS policy could not be fetched',
    )
    if (known !== null) await store.noteFailure(domain, fetched.problem)
    // A known policy goes on to hold until it ends (RFC 8461 §3.1, §5.1): whoever blocks the fetch gains nothing.
    return { policy: known?.policy ?? null, problem: fetched.problem }
  }

  async function look(domain: string): Promise<StsState> {
    const [known, txt] = await Promise.all([store.find(domain), deps.resolver.txt(`_mta-sts.${domain}`)])
    const announced = txt.kind === 'found' ? readStsId(txt.records) : null
    // Without the record, or without DNS, what is known holds.
    if (announced === null) return { policy: known?.policy ?? null, problem: null }
    if (known !== null && known.id === announced && !known.overdue)
      return { policy: known.policy, problem: null }
    return renew(domain, announced, known)
  }

  return {
    policyOf(domain) {
      const kept = remembered.get(domain)
      if (kept !== undefined && kept.untilMs > nowMs()) return Promise.resolve(kept.state)
      const running = underWay.get(domain)
      if (running !== undefined) return running
      const started = look(domain)
        .then((state) => {
          forgetOldest(remembered)
          remembered.set(domain, { state, untilMs: nowMs() + LOOK_AGAIN_MS })
          return state
        })
        .catch((error: unknown) => {
          // The database is away. What this process knew last holds; going on without would be the downgrade that the cache is against.
          log.warn({ err: error, domain }, 'The shared cache of MTA-STS policies could not be read')
          return kept?.state ?? UNAVAILABLE
        })
        .finally(() => underWay.delete(domain))
      underWay.set(domain, started)
      return started
    },

    async refreshDue() {
      const due = await store.claimRefresh(REFRESH_AT_ONCE)
      for (const known of due) {
        const txt = await deps.resolver.txt(`_mta-sts.${known.domain}`)
        // RFC 8461 §3.3 has the id for change alone; a policy that is no longer announced is left to end.
        const id = txt.kind === 'found' ? readStsId(txt.records) : null
        if (id !== null) await renew(known.domain, id, known)
      }
      return due.length
    },
  }
}

function failed(problem: TlsFailureType, reason: string): Fetched {
  return { ok: false, problem, reason }
}

/** Whether a request failed for the certificate, by the codes of Node's TLS. */
function isCertificate(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|^ERR_(?:TLS|SSL)_/.test(code)
}

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size < REMEMBERED_MAX) return
  const oldest = map.keys().next()
  if (!oldest.done) map.delete(oldest.value)
}
