import { describe, expect, it } from 'vitest'
import { UNSUBSCRIBE_PLACEHOLDER } from '../../platform/templates/index.ts'
import { finished } from './finishing.ts'
import type { Finish, Parts } from './finishing.ts'

const finish = (parts: Parts, wanted: Finish, sensitive = false) =>
  finished(parts, { finish: wanted, sensitive, unsubscribePage: () => 'https://mail.example.net/u/$&' })

describe('what is done to a message once it is filled', () => {
  it('replaces texts as they stand and looks into no replacement', () => {
    const replace = { html: { '[a]': '[b]', '[b]': '$1' }, text: { '[a]': 'A' } }
    expect(finish({ html: '[a][b]', text: '[a][b]' }, { replace })).toEqual({
      html: '[b]$1',
      text: 'A[b]',
      offersLeaving: false,
    })
  })

  it('appends before the end of the body, or at the end', () => {
    const append = { html: '<i>end</i>', text: '\nend' }
    expect(finish({ html: '<body>x</BODY></html>', text: 'x' }, { append })).toMatchObject({
      html: '<body>x<i>end</i></BODY></html>',
      text: 'x\nend',
    })
    expect(finish({ html: 'x' }, { append })).toEqual({
      html: 'x<i>end</i>',
      text: undefined,
      offersLeaving: false,
    })
  })

  it('adds parameters to links that do not have them, and changes nothing else', () => {
    const linkParameters = { utm_source: 'a b', utm_medium: 'mail' }
    const linked = (html: string) => finish({ html }, { linkParameters }).html
    expect(linked('<a class="x" href="https://x.example">x</a>')).toBe(
      '<a class="x" href="https://x.example?utm_source=a%20b&amp;utm_medium=mail">x</a>',
    )
    expect(linked("<A HREF='http://x.example/?utm_source=own&amp;b=1#top'>x</A>")).toBe(
      "<A HREF='http://x.example/?utm_source=own&amp;b=1&amp;utm_medium=mail#top'>x</A>",
    )
    for (const left of [
      '<a href="mailto:a@b.example">',
      '<abbr href="https://x.example">',
      '<a href="https://x',
      '<p>https://x.example</p>',
    ])
      expect(linked(left)).toBe(left)
  })

  it('takes time in proportion to what there is', () => {
    const html = '<a '.repeat(300_000)
    const beganMs = performance.now()
    finish({ html }, { linkParameters: { a: 'b' } })
    expect(performance.now() - beganMs).toBeLessThan(2_000)
  })

  it('makes nothing that would fill the memory', () => {
    const html = 'a'.repeat(1_000_000)
    expect(() => finish({ html }, { replace: { html: { a: 'x'.repeat(2_000) } } })).toThrow(
      /characters longer/,
    )
    const links = '<a href="http://x.example">'.repeat(200_000)
    expect(() => finish({ html: links }, { linkParameters: { a: 'x'.repeat(500) } })).toThrow(
      /characters longer/,
    )
  })

  it('puts the page for leaving in the place of its placeholder, but into no sensitive message', () => {
    const parts = { html: `<a href="${UNSUBSCRIBE_PLACEHOLDER}">x</a>`, text: UNSUBSCRIBE_PLACEHOLDER }
    expect(finish(parts, { linkParameters: { a: 'b' } })).toEqual({
      html: '<a href="https://mail.example.net/u/$&">x</a>',
      text: 'https://mail.example.net/u/$&',
      offersLeaving: true,
    })
    expect(() => finish(parts, {}, true)).toThrow(/sensitive/)
  })
})
