import { describe, expect, it } from 'vitest'
import type { RenderJob } from './job.ts'
import { createSharedTexts } from './shared-texts.ts'

const job = (html: string | null, data: string): RenderJob => ({
  dialect: 'liquid',
  subject: 'ab',
  html,
  text: null,
  editable: [{ name: 'main', content: 'xyz' }],
  data,
  strict: false,
  explain: false,
})

describe('texts of jobs that wait', () => {
  it('are paid for once, until the last job that has them waits no longer', () => {
    const shared = createSharedTexts()
    const first = shared.take(job('12345', '{}'))
    const second = shared.take(job('12345', '{ }'))
    expect([first.chars, second.chars]).toEqual([2 + 5 + 3 + 2, 3])
    expect(second.job).toEqual(job('12345', '{ }'))
    shared.giveBack(first.job)
    expect(shared.take(job('12345', '')).chars).toBe(0)
    shared.giveBack(second.job)
    shared.giveBack(second.job)
    expect(shared.take(job(null, '')).chars).toBe(5)
  })
})
