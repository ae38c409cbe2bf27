import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { UnwrapRow } from './ledger-store.ts'
import { chainOf, createUnwrapLog } from './unwrap-log.ts'

const instance = randomUUID()
const entry = (reason: string) => ({
  process: 'sender' as const,
  workspaceId: randomUUID(),
  purpose: 'content',
  keyCount: 1,
  reason,
})

/** A database that loses answers: the next insert is committed or not, and its answer is lost. */
function flakyLedger() {
  const rows: UnwrapRow[] = []
  let next: 'works' | 'commits unheard' | 'fails' = 'works'
  return {
    rows,
    spoil: (how: 'commits unheard' | 'fails') => {
      next = how
    },
    ledger: {
      async recordUnwraps(batch: readonly UnwrapRow[]) {
        const how = next
        next = 'works'
        if (how === 'fails') throw new Error('no answer')
        for (const row of batch) {
          if (rows.some(({ number }) => number === row.number)) throw new Error('the number is taken')
        }
        rows.push(...batch)
        if (how === 'commits unheard') throw new Error('no answer')
      },
      unwrapHead: async () => rows.at(-1),
    },
  }
}

describe('the record of unwraps', () => {
  it('stays without gaps and in one chain, whether a lost insert was committed or not', async () => {
    const { rows, spoil, ledger } = flakyLedger()
    const signed: number[] = []
    const log = createUnwrapLog({
      ledger,
      auditKey: {
        signStatement: async ({ count }) => {
          signed.push(count)
          return 'statement'
        },
      },
      instance,
      nowMs: () => 1_800_000_000_000,
    })
    await log.record(entry('first'))
    spoil('commits unheard')
    await expect(log.record(entry('unheard'))).rejects.toThrow('no answer')
    await log.record(entry('third'))
    spoil('fails')
    await expect(log.record(entry('lost'))).rejects.toThrow('no answer')
    await Promise.all([log.record(entry('fourth')), log.record(entry('fifth')), log.record(entry('sixth'))])
    // What is recorded and was never answered is one too many, never one too few.
    expect(rows.map(({ number, reason }) => `${number} ${reason}`)).toEqual([
      '1 first',
      '2 unheard',
      '3 third',
      '4 fourth',
      '5 fifth',
      '6 sixth',
    ])
    let chain: Buffer = Buffer.alloc(32)
    for (const row of rows) {
      chain = chainOf(chain, instance, row)
      expect(row.chain).toEqual(chain)
    }
    expect(log.head()).toMatchObject({ number: 6, chain })
    expect(signed.at(-1)).toBe(6)
  })
})
