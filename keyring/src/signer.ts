import { hash, sign } from 'node:crypto'
import { refusalToSign } from './dkim-check.ts'
import type { DkimKeys, SigningKey } from './dkim-keys.ts'
import { Refusal } from './refusal.ts'

export type SignOutcome =
  | { readonly state: 'signed'; readonly signature: Buffer }
  | { readonly state: 'refused'; readonly reason: string }
  | { readonly state: 'contained'; readonly details: Readonly<Record<string, unknown>> }

interface Job {
  readonly key: SigningKey
  readonly data: Buffer
  readonly done: (outcome: SignOutcome) => void
}

/**
 * Twice what a thread pool of two works on: no thread idles, and an urgent job waits for at most four others (0.7 ms with
 * RSA-2048).
 */
const CONCURRENCY = 4
const MAX_QUEUED = 8192

/** Signs on the thread pool, so that the event loop stays free for other requests. Urgent jobs go first. */
export function createSigner(deps: { keys: Pick<DkimKeys, 'get'> }) {
  const urgentJobs = createQueue()
  const normalJobs = createQueue()
  let running = 0

  function pump(): void {
    while (running < CONCURRENCY) {
      const job = urgentJobs.shift() ?? normalJobs.shift()
      if (job === undefined) return
      running += 1
      run(job)
    }
  }

  function run({ key, data, done }: Job): void {
    // RFC 8463 §3: Ed25519 signs the SHA-256 of the block. For RSA the hash is part of the signature.
    const isRsa = key.algorithm === 'rsa'
    const input = isRsa ? data : hash('sha256', data, 'buffer')
    sign(isRsa ? 'sha256' : null, input, key.privateKey, (error, signature) => {
      running -= 1
      done(error === null ? { state: 'signed', signature } : { state: 'refused', reason: 'signing failed' })
      pump()
    })
  }

  return {
    busy: (): boolean => running > 0,

    /** An outcome per item, in order; one bad item does not touch the others. Throws `unavailable` where too much waits. */
    async sign(
      items: readonly { keyId: string; data: Buffer }[],
      options: {
        urgent: boolean
        /** What to tell where signing is contained for a workspace; null where it is not. */
        containedIn: (workspaceId: string) => Readonly<Record<string, unknown>> | null
      },
    ): Promise<SignOutcome[]> {
      if (urgentJobs.size() + normalJobs.size() + items.length > MAX_QUEUED) {
        throw new Refusal('unavailable', 'Too many signatures are waiting')
      }
      const keys = await deps.keys.get(items.map((item) => item.keyId))
      const outcomes = items.map(async ({ keyId, data }): Promise<SignOutcome> => {
        const key = keys.get(keyId)
        if (key === undefined) return { state: 'refused', reason: 'there is no such key' }
        const details = options.containedIn(key.workspaceId)
        if (details !== null) return { state: 'contained', details }
        const reason = refusalToSign(data, key)
        if (reason !== null) return { state: 'refused', reason }
        return new Promise((done) => {
          const job = { key, data, done }
          if (options.urgent) urgentJobs.push(job)
          else normalJobs.push(job)
        })
      })
      pump()
      return Promise.all(outcomes)
    },
  }
}

/** First in, first out, without moving the rest at each step. */
function createQueue() {
  let jobs: Job[] = []
  let head = 0
  return {
    size: (): number => jobs.length - head,
    push: (job: Job): void => {
      jobs.push(job)
    },
    shift(): Job | undefined {
      const job = jobs[head]
      if (job === undefined) return undefined
      head += 1
      if (head > 1024 && head * 2 > jobs.length) {
        jobs = jobs.slice(head)
        head = 0
      }
      return job
    },
  }
}
