/** The part of the keyring that peppers: HMAC-SHA256 of digests under a key that never leaves it. */
export interface Pepperer {
  pepper(name: 'credential' | 'staff' | 'password', digests: readonly Buffer[]): Promise<Buffer[]>
}

export interface CredentialPepper {
  /** The peppered form of a digest of 32 bytes. Throws what the keyring client throws where the digest is not kept. */
  of(digest: Buffer): Promise<Buffer>
  /** Keeps the answer for a digest that turned out to be a credential's. */
  keep(digest: Buffer, peppered: Buffer): void
}

/** An active credential goes on working for this long while the keyring is away. */
const KEEP_MS = 300_000
/** A kept answer is asked for anew at this age, so that an outage finds it young. */
const RENEW_MS = 60_000
/** About 200 bytes each; two for each credential, its digest and its binding. */
const KEPT_MAX = 100_000
const BATCH_MAX = 256

interface Kept {
  readonly peppered: Buffer
  readonly at: number
}

interface Asker {
  readonly digest: Buffer
  readonly resolve: (peppered: Buffer) => void
  readonly reject: (error: unknown) => void
}

/**
 * Peppers digests of secrets by the keyring: those of one turn of the event loop go in one request. Only digests of credentials
 * that exist are kept, so that a flood of invented keys pushes none of them out.
 */
export function createCredentialPepper(deps: {
  readonly keyring: Pepperer
  readonly name: 'credential' | 'staff' | 'password'
  readonly clock?: () => number
}): CredentialPepper {
  const clock = deps.clock ?? Date.now
  const kept = new Map<string, Kept>()
  let asking: Asker[] = []

  function flush(): void {
    const askers = asking
    asking = []
    for (let at = 0; at < askers.length; at += BATCH_MAX) void ask(askers.slice(at, at + BATCH_MAX))
  }

  async function ask(askers: readonly Asker[]): Promise<void> {
    try {
      const answers = await deps.keyring.pepper(
        deps.name,
        askers.map((asker) => asker.digest),
      )
      for (const [n, asker] of askers.entries()) {
        const answer = answers[n]
        if (answer === undefined) asker.reject(new Error('the keyring answered too few digests'))
        else asker.resolve(answer)
      }
    } catch (error) {
      for (const asker of askers) asker.reject(error)
    }
  }

  function fromKeyring(digest: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (asking.length === 0) setImmediate(flush)
      asking.push({ digest, resolve, reject })
    })
  }

  function remember(key: string, peppered: Buffer): void {
    kept.delete(key)
    kept.set(key, { peppered, at: clock() })
    if (kept.size <= KEPT_MAX) return
    const [oldest] = kept.keys()
    if (oldest !== undefined) kept.delete(oldest)
  }

  return {
    keep(digest, peppered) {
      const key = digest.toString('base64')
      // What is kept already was answered by `of`, perhaps from here: only the keyring makes it young again.
      if (!kept.has(key)) remember(key, peppered)
    },

    async of(digest) {
      const key = digest.toString('base64')
      const known = kept.get(key)
      if (known === undefined) return fromKeyring(digest)
      const age = clock() - known.at
      if (age < RENEW_MS) return known.peppered
      try {
        const peppered = await fromKeyring(digest)
        remember(key, peppered)
        return peppered
      } catch (error) {
        if (age >= KEEP_MS) throw error
        return known.peppered
      }
    },
  }
}
