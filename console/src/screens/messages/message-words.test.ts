import { assert, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readWords, wordsOf } from './message-words.ts'

describe('the words of the search', () => {
  it('say what is filtered by, in any order', () => {
    const words = { recipient: 'ann@example.com', tag: 'news', state: 'bounced', lane: 'bulk' } as const
    expect(readWords('state:Bounced  tag:news lane:bulk recipient:ann@example.com')).toEqual({
      words,
      problem: undefined,
    })
    expect(readWords(wordsOf(words)).words).toEqual(words)
    expect(readWords('ann@example.com #news').words).toEqual({ recipient: 'ann@example.com', tag: 'news' })
  })

  it('are refused with what to type instead', () => {
    expect(readWords('recipient:ann@exam').problem).toContain('no whole address')
    expect(readWords('state:lost').problem).toContain('pending, scheduled')
    expect(readWords('lane:fast').problem).toContain('critical')
    expect(readWords('invoice').problem).toContain('sealed')
    expect(readWords('tag:').problem).toContain('behind tag:')
  })

  it('never stumble over what is typed, and what they keep they understand again', () => {
    assert(
      property(string(), (text) => {
        const { words } = readWords(text)
        expect(readWords(wordsOf(words)).words).toEqual(words)
      }),
    )
  })
})
