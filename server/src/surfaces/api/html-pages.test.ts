import { describe, expect, it } from 'vitest'
import { createHtmlPages, PAGE_LIFE_MS } from './html-pages.ts'

const limits = { ofOneMax: 2, pagesMax: 4, charsOfOneMax: 60, charsMax: 100 }

describe('pages to look at', () => {
  it('are found by their name for a minute and not longer', () => {
    let now = 1_000
    const pages = createHtmlPages({ now: () => now, limits })
    const { name, expiresAt } = keep(pages, 'ann', '<p>1</p>')
    expect([pages.find(name), expiresAt.getTime()]).toEqual(['<p>1</p>', 1_000 + PAGE_LIFE_MS])
    expect(pages.find(`${name}x`)).toBeNull()
    now += PAGE_LIFE_MS
    expect(pages.find(name)).toBeNull()
  })

  it('of one owner push out only their own oldest', () => {
    const pages = createHtmlPages({ now: () => 0, limits })
    const others = keep(pages, 'bob', 'b').name
    const names = ['1', '2', '3'].map((html) => keep(pages, 'ann', html).name)
    expect(names.map((name) => pages.find(name))).toEqual([null, '2', '3'])
    expect(pages.find(others)).toBe('b')
  })

  it('of one owner make room for each other by their size too', () => {
    const pages = createHtmlPages({ now: () => 0, limits })
    const first = keep(pages, 'ann', 'x'.repeat(40)).name
    const second = keep(pages, 'ann', 'y'.repeat(40)).name
    expect([pages.find(first), pages.find(second)?.length]).toEqual([null, 40])
  })

  it('never push out those of others: whoever comes to a full house is told', () => {
    const pages = createHtmlPages({ now: () => 0, limits })
    const names = [1, 2, 3].map((at) => keep(pages, `owner ${at}`, 'x'.repeat(30)).name)
    expect(pages.keep('late', 'x'.repeat(30))).toBeNull()
    expect(names.map((name) => pages.find(name)?.length)).toEqual([30, 30, 30])
  })
})

function keep(pages: ReturnType<typeof createHtmlPages>, owner: string, html: string) {
  const kept = pages.keep(owner, html)
  if (kept === null) throw new Error('there was no room')
  return kept
}
