import { openCheckpoint } from './checkpoint.ts'
import type { SignedCheckpoint } from './checkpoint.ts'
import { TlogFault } from './fault.ts'
import type { VerifierKey } from './note-keys.ts'

/** One thing that was looked at: shown to hold, shown not to hold, or not shown, with the reason. */
export interface Finding {
  readonly state: 'proved' | 'failed' | 'open'
  readonly what: string
  readonly detail: string
}

export interface Verdict {
  /** False where anything failed. What is open does not fail. */
  readonly ok: boolean
  readonly findings: readonly Finding[]
}

/** What the verifier brings along; everything else comes from the one who is checked. */
export interface Trust {
  /** The key of the log; null: that which the log itself names, which proves nothing against its operator. */
  readonly key: VerifierKey | null
  readonly witnesses: readonly VerifierKey[]
  /** A signed checkpoint that was kept from an earlier day. */
  readonly since: string | null
}

/** Collects findings. */
export class Findings {
  readonly #list: Finding[] = []

  add(state: Finding['state'], what: string, detail: string): void {
    this.#list.push({ state, what, detail })
  }

  /** Adds `proved` or `failed`. */
  check(holds: boolean, what: string, proved: string, failed: string): boolean {
    this.add(holds ? 'proved' : 'failed', what, holds ? proved : failed)
    return holds
  }

  get hasFailed(): boolean {
    return this.#list.some((finding) => finding.state === 'failed')
  }

  verdict(): Verdict {
    return {
      ok: !this.hasFailed && this.#list.some((item) => item.state === 'proved'),
      findings: [...this.#list],
    }
  }
}

/** Opens a checkpoint and says of its signatures and cosignatures what holds. Null where it proves nothing. */
export function judgeCheckpoint(
  note: string,
  key: VerifierKey,
  trust: Trust,
  findings: Findings,
): SignedCheckpoint | null {
  let checkpoint: SignedCheckpoint
  try {
    checkpoint = openCheckpoint(note, { logKeys: [key], witnessKeys: trust.witnesses, origin: key.name })
  } catch (error) {
    findings.add('failed', 'signature', reason(error))
    return null
  }
  findings.add('proved', 'signature', `${key.name} signed ${checkpoint.size} entries`)
  if (trust.key === null)
    findings.add('open', 'key', 'the key came with the log itself; give the key that you know with --vkey')
  for (const witness of trust.witnesses) {
    const found = checkpoint.cosignatures.find((item) => item.key.text === witness.text)
    findings.check(
      found !== undefined,
      'cosignature',
      `${witness.name} saw these entries at ${new Date((found?.timestamp ?? 0) * 1000).toISOString()} and nothing else before`,
      `${witness.name} has not cosigned this checkpoint`,
    )
  }
  if (trust.witnesses.length === 0)
    findings.add('open', 'cosignature', 'no witness was named: the operator could show others another log')
  return checkpoint
}

/** The text of an error that hostile input may cause; others are thrown on. */
export function reason(error: unknown): string {
  if (error instanceof TlogFault || error instanceof SyntaxError) return error.message
  throw error
}
