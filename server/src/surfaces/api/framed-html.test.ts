import { array, assert, constantFrom, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countRemote, framedHtml, imageData, shownContentIds } from './framed-html.ts'

describe('HTML of captured mail for its frame', () => {
  it('keeps the doctype first, so that the mail is laid out as its author meant', () => {
    const doctype =
      '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1">'
    expect(framedHtml(`${doctype}<p>x`, new Map(), 'light')).toMatch(
      /^<!DOCTYPE html PUBLIC[^>]+><base target="_blank"><style>.*<p>x$/,
    )
    expect(framedHtml('<p>x', new Map(), 'light')).toMatch(/^<base target="_blank">/)
  })

  it('shows inline images by their data and leaves unknown ones', () => {
    const images = new Map([['logo@x', 'data:image/png;base64,AAAA']])
    expect(framedHtml('<img src="cid:logo%40x"><img src=cid:other>', images, 'light')).toContain(
      '<img src="data:image/png;base64,AAAA"><img src=cid:other>',
    )
    expect(shownContentIds('<img src="cid:a"> url(cid:b) <img src="CID:a">')).toEqual(['a', 'b'])
  })

  it('answers what the mail asks of the colour scheme by the choice of the reader', () => {
    const html =
      '<style>@media (prefers-color-scheme: dark){a{}}@media screen and (Prefers-Color-Scheme:light){b{}}</style>'
    expect(framedHtml(html, new Map(), 'dark')).toContain(
      '@media (min-width:0){a{}}@media screen and (max-width:0){b{}}',
    )
    expect(framedHtml(html, new Map(), 'light')).toContain(
      '@media (max-width:0){a{}}@media screen and (min-width:0){b{}}',
    )
  })

  it('makes data addresses of images only', () => {
    expect(imageData('image/png', Buffer.from([0]))).toBe('data:image/png;base64,AA==')
    expect(imageData('text/html', Buffer.from('x'))).toBeUndefined()
    expect(imageData('image/png"><script>', Buffer.from('x'))).toBeUndefined()
  })

  it('counts each address that the mail would load from elsewhere once', () => {
    const html =
      '<img src="https://a.example/1.png"><img src=https://a.example/1.png><td background="//b.example/x"><div style="background:url(http://c.example/y)"><a href="https://d.example">no</a><link rel=stylesheet href="https://e.example/s.css"><img src="data:image/png;base64,AA">'
    expect(countRemote(html)).toBe(4)
  })

  it('is not held up by blanks, however many', () => {
    const began = process.cpuUsage()
    for (const text of ['src=', 'src', 'url(', '<link href=', 'background = '])
      expect(countRemote(`${text}${' '.repeat(2_000_000)}x`)).toBe(0)
    const { user } = process.cpuUsage(began)
    // Where blanks could be matched in two ways, the first of these took more than half an hour.
    expect(user / 1e6).toBeLessThan(20)
  })

  it('takes time in proportion to the mail, whatever stands in it', () => {
    const pieces = array(
      constantFrom(
        '<!doctype',
        '<!--',
        '-->',
        'src=',
        'url(',
        'cid:',
        '//x',
        '<link ',
        'href=',
        ' ',
        '"',
        '>',
      ),
      { minLength: 1, maxLength: 30 },
    )
    assert(
      property(pieces, (some) => {
        const html = some.join('').repeat(2_000)
        const started = performance.now()
        framedHtml(html, new Map(), 'light')
        countRemote(html)
        expect(performance.now() - started).toBeLessThan(2_000)
      }),
      { numRuns: 25 },
    )
  })
})
