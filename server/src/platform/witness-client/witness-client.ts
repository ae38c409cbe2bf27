import { cosignatureLine, formatAddCheckpoint, TlogFault } from '@bulkhead/tlog'
import type { VerifierKey } from '@bulkhead/tlog'

const ANSWER_BYTES_MAX = 64 * 1024

/** What a witness said to a checkpoint. */
export type WitnessAnswer =
  | { readonly kind: 'cosigned'; readonly line: string }
  /** It knows another size than the one that the proof begins at. */
  | { readonly kind: 'knows'; readonly size: number }
  /** It refuses: the checkpoint does not continue what it has seen. */
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'failed'; readonly problem: string }

export interface CosignRequest {
  readonly oldSize: number
  readonly proof: readonly Uint8Array[]
  /** Text of the checkpoint, without signatures. */
  readonly text: string
  /** The signed checkpoint. */
  readonly note: string
}

export interface WitnessClient {
  ask(
    witness: { readonly url: string; readonly key: VerifierKey },
    request: CosignRequest,
  ): Promise<WitnessAnswer>
}

/** Bounded in time and size; a witness that answers nonsense is one that failed. */
export function createWitnessClient(deps: { readonly timeoutMs: number }): WitnessClient {
  return {
    async ask(witness, request) {
      try {
        const response = await fetch(`${witness.url.replace(/\/+$/, '')}/add-checkpoint`, {
          method: 'POST',
          body: formatAddCheckpoint(request),
          redirect: 'error',
          signal: AbortSignal.timeout(deps.timeoutMs),
        })
        const text = await boundedText(response)
        if (response.status === 200) {
          const line = cosignatureLine(request.text, text, witness.key)
          return line === null
            ? { kind: 'failed', problem: 'it answered no cosignature of the key it is known by' }
            : { kind: 'cosigned', line }
        }
        if (response.status === 409 && /^(?:0|[1-9]\d{0,15})\n$/.test(text))
          return { kind: 'knows', size: Number(text) }
        if (response.status === 422) return { kind: 'refused', status: response.status }
        return { kind: 'failed', problem: `it answered ${response.status}` }
      } catch (error) {
        return { kind: 'failed', problem: problemOf(error) }
      }
    },
  }
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > ANSWER_BYTES_MAX) throw new TlogFault('its answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it cannot be reached'
  return error.cause instanceof Error ? error.cause.message : error.message
}
