import { describe, expect, it } from 'vitest'
import { createLogger } from '../telemetry/index.ts'
import { runLoop } from './index.ts'

describe('a loop', () => {
  it('goes on after failures, logs a row of them once, and ends with its signal', async () => {
    const lines: string[] = []
    const stop = new AbortController()
    let rounds = 0
    await runLoop({
      name: 'probe',
      everyMs: 1,
      log: createLogger({ name: 'test', level: 'info', write: (line) => lines.push(line) }),
      signal: stop.signal,
      round: async () => {
        rounds += 1
        if (rounds === 2 || rounds === 3) throw new Error('away')
        if (rounds === 5) stop.abort()
        return undefined
      },
    })
    expect(rounds).toBe(5)
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
      'A background loop failed; it is tried again',
      'A background loop works again',
    ])
  })

  it('ends at once though its next round is far away', async () => {
    const stop = new AbortController()
    const started = Date.now()
    const ended = runLoop({
      name: 'probe',
      everyMs: 60_000,
      log: createLogger({ name: 'test', level: 'error' }),
      signal: stop.signal,
      round: async () => {
        setImmediate(() => stop.abort())
        return undefined
      },
    })
    await ended
    expect(Date.now() - started).toBeLessThan(5_000)
  })
})
