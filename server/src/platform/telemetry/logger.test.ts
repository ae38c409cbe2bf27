import { describe, expect, it } from 'vitest'
import { createLogger } from './logger.ts'

describe('logger', () => {
  it('keeps addresses and rows that errors quote out of the log', () => {
    const lines: string[] = []
    const log = createLogger({ name: 'probe', level: 'info', write: (line) => lines.push(line) })
    const error = Object.assign(new Error('duplicate key "ann@example.com" (<bob@example.com>)'), {
      code: '23505',
      detail: 'Key (address)=(carol@example.com) already exists.',
    })
    log.error({ err: new Error('outer', { cause: error }) }, 'It failed')
    expect(lines.join()).not.toMatch(/example\.com/)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      name: 'probe',
      msg: 'It failed',
      err: { message: 'outer', cause: { code: '23505', message: 'duplicate key "[address]" (<[address]>)' } },
    })
  })

  it('keeps addresses out that a field quotes', () => {
    const lines: string[] = []
    const log = createLogger({ name: 'probe', level: 'info', write: (line) => lines.push(line) })
    const fields = {
      reason: '550 <ann@example.com>: no such user',
      error: 'no MX for bob@example.com',
      waiting: 3,
    }
    log.warn(fields, 'It failed')
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      reason: '550 <[address]>: no such user',
      error: 'no MX for [address]',
      waiting: 3,
      msg: 'It failed',
    })
    expect(fields.reason).toContain('ann@example.com')
  })

  it('copes with whatever is thrown', () => {
    const lines: string[] = []
    const log = createLogger({ name: 'probe', level: 'info', write: (line) => lines.push(line) })
    for (const thrown of [null, 'ann@example.com', { address: 'ann@example.com' }, 7])
      log.error({ err: thrown }, 'x')
    expect(lines).toHaveLength(4)
    expect(lines.join()).not.toContain('example.com')
  })
})
