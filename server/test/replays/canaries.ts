import { randomInt } from 'node:crypto'
import type { Canary } from '../support/plaintext-scan/needles.ts'

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'
const CHARACTERS = 22

/** Makes canaries and keeps them: random texts that fit into addresses, names, URLs and header fields alike. */
export interface Canaries {
  make(kind: string): string
  /** Takes over a secret that the product made and showed once. */
  adopt(kind: string, text: string): string
  all(): readonly Canary[]
  /** How many of each class. */
  counts(): Readonly<Record<string, number>>
}

export function createCanaries(): Canaries {
  const all: Canary[] = []
  const adopt = (kind: string, text: string): string => {
    all.push({ class: kind, text })
    return text
  }
  return {
    adopt,
    make: (kind) =>
      adopt(kind, Array.from({ length: CHARACTERS }, () => LETTERS[randomInt(LETTERS.length)]).join('')),
    all: () => all,
    counts() {
      const counts: Record<string, number> = {}
      for (const { class: kind } of all) counts[kind] = (counts[kind] ?? 0) + 1
      return counts
    },
  }
}
