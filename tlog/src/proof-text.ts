import { decodeBase64, decodeDecimal, decodeHash } from './encoding.ts'
import { TlogFault } from './fault.ts'
import { PROOF_HASHES_MAX } from './merkle.ts'

const FIRST_LINE = 'c2sp.org/tlog-proof@v1'
const TEXT_CHARS_MAX = 1_100_000

/** An inclusion proof with the checkpoint it leads to (C2SP tlog-proof). */
export interface TlogProof {
  readonly index: number
  readonly hashes: readonly Buffer[]
  /** The signed note. */
  readonly checkpoint: string
  /** Nobody vouches for it. */
  readonly extra: Buffer | null
}

/** Writes the text that is kept in a `.tlog-proof` file. */
export function formatTlogProof(proof: {
  readonly index: number
  readonly hashes: readonly Uint8Array[]
  readonly checkpoint: string
  readonly extra?: Uint8Array | null
}): string {
  const { extra } = proof
  return [
    FIRST_LINE,
    ...(extra === undefined || extra === null ? [] : [`extra ${Buffer.from(extra).toString('base64')}`]),
    `index ${proof.index}`,
    ...proof.hashes.map((hash) => Buffer.from(hash).toString('base64')),
    '',
    proof.checkpoint,
  ].join('\n')
}

/** Reads such a text. Nothing is verified. */
export function parseTlogProof(text: string): TlogProof {
  if (text.length > TEXT_CHARS_MAX) throw new TlogFault('the proof is too long')
  const split = text.indexOf('\n\n')
  if (split === -1) throw new TlogFault('the proof has no blank line before its checkpoint')
  const [first, ...lines] = text.slice(0, split).split('\n')
  if (first !== FIRST_LINE) throw new TlogFault(`a proof begins with ${FIRST_LINE}`)
  const extra =
    lines[0]?.startsWith('extra ') === true ? decodeBase64(lines.shift()?.slice(6) ?? '', 'extra') : null
  const index = lines.shift()
  if (index?.startsWith('index ') !== true) throw new TlogFault('the proof names no index')
  if (lines.length > PROOF_HASHES_MAX) throw new TlogFault(`a proof has at most ${PROOF_HASHES_MAX} hashes`)
  return {
    index: decodeDecimal(index.slice(6), 'the index'),
    hashes: lines.map((line) => decodeHash(line, 'a line of the proof')),
    checkpoint: text.slice(split + 2),
    extra,
  }
}
