import { describe, expect, it } from 'vitest'
import type { StyleInliner } from '../../platform/inline-css/index.ts'
import { styledHtml } from './styling.ts'

type Answer = Awaited<ReturnType<StyleInliner['inlined']>>
const withAnswer = (answer: Answer) =>
  styledHtml({ inlined: () => Promise.resolve(answer) }, 'workspace', '<style>p{top:0}</style>')

describe('styles that a message wants in its elements', () => {
  it('are those that the process wrote', async () => {
    expect(await withAnswer({ html: 'made' })).toBe('made')
  })

  it.each([
    ['fault', 'fails'],
    ['memory', 'fails'],
    ['time', 'takes too long'],
  ] as const)('refuse the message that ended the process: %s', async (stoppedBy, problem) => {
    await expect(withAnswer({ stoppedBy })).rejects.toMatchObject({
      code: 'invalid_request',
      fields: [{ field: 'finish.inlineCss', problem: expect.stringContaining(problem) }],
    })
  })

  it('are asked for again where too many wait', async () => {
    await expect(withAnswer('busy')).rejects.toMatchObject({
      code: 'too_many_requests',
      retryAfterSeconds: 1,
    })
  })
})
