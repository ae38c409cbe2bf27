import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyEdits, htmlEdits, looksLikeAddress, OPEN_MARK } from './html-edits.ts'
import type { LinkWriter } from './html-edits.ts'
import { scanHtml } from './html-scan.ts'

const T = 'https://links.shop.example/t/c/'
const writer: LinkWriter = {
  click: (_url, link) => `${T}${link}`,
  open: 'https://links.shop.example/t/o/x.gif',
  ownHosts: ['links.shop.example', 'mail.example.net'],
  unsubscribe: ['https://shop.example/leave?u=1'],
}
const clicks = { ...writer, open: null }

/** The targets that are tracked, in their order. */
function targets(html: string): string[] {
  const urls: string[] = []
  htmlEdits(html, {
    ...clicks,
    click: (url) => {
      urls.push(url)
      return T
    },
  })
  return urls
}

/** With what is tracked, and a word where the picture is. */
function opened(html: string): string {
  return applyEdits(html, htmlEdits(html, writer)).replaceAll(/<img src="[^"]+"[^>]+>/g, 'PICTURE')
}

describe('links of HTML', () => {
  it.each<[string, string, string[]]>([
    ['a link', '<p><a href="https://a.test/x">go</a></p>', ['https://a.test/x']],
    ['single quotes', `<a class=b href='https://a.test/'>go</a>`, ['https://a.test/']],
    ['no quotes', '<a href=https://a.test/x/>go</a>', ['https://a.test/x/']],
    ['capitals and line breaks', '<A\n HREF\t=\r\n"HTTPS://A.test/" >go</A>', ['HTTPS://A.test/']],
    ['white space around', '<a href=" https://a.test/ ">go</a>', ['https://a.test/']],
    [
      'references',
      '<a href="https://a.test/?a=1&amp;b=2&#38;c&#x3d;3">go</a>',
      ['https://a.test/?a=1&b=2&c=3'],
    ],
    [
      'bare ampersands',
      '<a href="https://a.test/?a=1&copy=2&b=3&x">go</a>',
      ['https://a.test/?a=1&copy=2&b=3&x'],
    ],
    ['a reference that few know', '<a href="https://a.test/?a=1&copy;=2">go</a>', []],
    ['a reference without its end', '<a href="https://a.test/?x&copy">go</a>', []],
    ['the first of two', '<a href="https://a.test/" href="https://b.test/">go</a>', ['https://a.test/']],
    ['no address', '<a name=x>go</a><a href>go</a><a href="">go</a>', []],
    [
      'mail, phone, places',
      '<a href="mailto:a@b.c">m</a><a href=tel:1>t</a><a href="#top">u</a><a href="/x">r</a>',
      [],
    ],
    [
      'scripts and data',
      '<a href="javascript:alert(1)">m</a><a href="data:text/html,x">t</a><a href=" JavaScript:x">s</a>',
      [],
    ],
    ['a password', '<a href="https://ann:pw@a.test/">go</a>', []],
    ['a line break inside', '<a href="https://a.te\nst/">go</a>', []],
    [
      'what its author keeps out',
      '<a data-bulkhead-track="off" href="https://a.test/">go</a><a href="https://b.test/" ses:no-track>go</a><a CLICKTRACKING=OFF href="https://c.test/">go</a>',
      [],
    ],
    [
      'an opt-out that says on',
      '<a data-bulkhead-track=on href="https://a.test/">go</a>',
      ['https://a.test/'],
    ],
    [
      'unsubscribing',
      '<a href="https://shop.example/leave?u=1">go</a><a href="https://a.test/Unsubscribe/1">go</a>',
      [],
    ],
    [
      'our own',
      '<a href="https://links.shop.example/t/c/x">go</a><a href="https://MAIL.example.net/">go</a>',
      [],
    ],
    [
      'a text that shows an address',
      '<a href="https://a.test/">https://a.test/</a><a href="https://a.test/">shop.example</a><a href="https://a.test/"> <b>www.shop</b>.example/x </a>',
      [],
    ],
    ['a text with a sentence', '<a href="https://a.test/">Read this. Now</a>', ['https://a.test/']],
    [
      'a comment',
      '<!-- <a href="https://a.test/">x</a> --><a href="https://b.test/">x</a>',
      ['https://b.test/'],
    ],
    [
      'an Outlook comment',
      '<!--[if mso]><a href="https://a.test/">x</a><![endif]--><![if !mso]><a href="https://b.test/">x</a><![endif]>',
      ['https://b.test/'],
    ],
    [
      'comments that end early',
      '<!--><a href="https://a.test/">x</a><!---><a href="https://b.test/">x</a><!-- x --!><a href="https://c.test/">x</a>',
      ['https://a.test/', 'https://b.test/', 'https://c.test/'],
    ],
    [
      'a comment without end',
      '<a href="https://a.test/">x</a><!-- <a href="https://b.test/">x</a>',
      ['https://a.test/'],
    ],
    [
      'style and title',
      '<style>a{}</stylex><a href="https://a.test/"></style><title><a href="https://b.test/"></title><a href="https://c.test/">x</a>',
      ['https://c.test/'],
    ],
    ['a script with a comment', '<script><!-- <script> --></script><a href="https://a.test/">x</a>', []],
    [
      'an attribute that holds a tag',
      '<img alt="<a href=\'https://a.test/\'>"><a title=\'>\' href="https://b.test/">x</a>',
      ['https://b.test/'],
    ],
    ['a tag without end', '<a href="https://a.test/">x</a><a href="https://b.test/"', ['https://a.test/']],
    [
      'a quote without end',
      '<a href="https://a.test/">x</a><a href="https://b.test/>x</a>',
      ['https://a.test/'],
    ],
    [
      'words that are no tags',
      '1 < 2 <a href="https://a.test/">x</a> <3 </ x> <? php ?> <!x>',
      ['https://a.test/'],
    ],
    [
      'area, link and form',
      '<area href="https://a.test/"><link href="https://b.test/"><abbr href="https://c.test/">',
      [],
    ],
    [
      'foreign content',
      '<a href="https://a.test/">x</a><svg><a href="https://b.test/">x</a></svg>',
      ['https://a.test/'],
    ],
  ])('finds what is to be tracked: %s', (_name, html, urls) => {
    expect(targets(html)).toEqual(urls)
  })

  it('puts the picture at the end of the body, and nowhere where a comment or a tag is open', () => {
    const pixel =
      '<img src="https://links.shop.example/t/o/x.gif" width="1" height="1" alt="" style="display:block;border:0">'
    const opens = { ...writer, click: null }
    const tracked = (html: string): string => applyEdits(html, htmlEdits(html, opens))
    expect(tracked('<body>Hi</body></html>')).toBe(`<body>Hi${pixel}</body></html>`)
    expect(tracked('Hi</HTML>')).toBe(`Hi${pixel}</HTML>`)
    expect(tracked('Hi')).toBe(`Hi${pixel}`)
    expect(tracked('<body>Hi<!-- </body> --></body >\n')).toBe(`<body>Hi<!-- </body> -->${pixel}</body >\n`)
    for (const html of ['Hi<!-- x', 'Hi<a href="x', 'Hi<style>x', 'Hi<p', 'Hi<svg></svg></body>'])
      expect(tracked(html)).toBe(html)
  })

  it('puts the picture where a mark asks for it, the first time and never into a link', () => {
    expect(opened(`<body>${OPEN_MARK}Hi${OPEN_MARK}</body>`)).toBe(`<body>PICTUREHi${OPEN_MARK}</body>`)
    expect(opened(`${OPEN_MARK}Hi<!-- x`)).toBe('PICTUREHi<!-- x')
    expect(opened(`<a href="https://a.test/${OPEN_MARK}">x</a>`)).toBe(`<a href="${T}0">x</a>PICTURE`)
  })

  it('changes nothing where nothing is wanted', () => {
    expect(htmlEdits('<a href="https://a.test/">x</a>', { ...writer, click: null, open: null })).toEqual([])
  })

  it.each([
    'shop.example',
    'https://x',
    'www.shop',
    '» https://shop.example «',
    'shop.example/path?x',
    'SHOP.EXAMPLE',
  ])('takes %s for an address', (text) => {
    expect(looksLikeAddress(text)).toBe(true)
  })
  it.each(['Buy now', 'Version 1.2', 'ann@shop.example', 'e.g. this', ''])('takes %s for words', (text) => {
    expect(looksLikeAddress(text)).toBe(false)
  })
})

const pieces = fc.oneof(
  fc.constantFrom(
    '<a ',
    'href=',
    'href="',
    '"',
    "'",
    '>',
    '<',
    '</a>',
    '<!--',
    '-->',
    '--!>',
    '<!',
    '<?',
    '</',
    '<style>',
    '</style>',
    '<script>',
    '</script>',
    '<body>',
    '</body>',
    '</html>',
    '<title>',
    '=',
    '/',
    ' ',
    '\r\n',
    '&amp;',
    '&#x41;',
    '&copy',
    '<svg>',
    'https://a.test/x',
    '<a href="https://b.test/?x=1&amp;y">',
    '\u{1f600}',
    '\0',
  ),
  fc.string({ maxLength: 8 }),
)
const soup = fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join(''))

describe('editing of HTML', () => {
  it('leaves every byte outside of its edits, and putting the old text back restores the whole', () => {
    fc.assert(
      fc.property(soup, (html) => {
        const edits = htmlEdits(html, writer)
        const tracked = applyEdits(html, edits)
        let shift = 0
        let restored = ''
        let from = 0
        for (const edit of edits) {
          expect(edit.start).toBeGreaterThanOrEqual(from - shift)
          const at = edit.start + shift
          expect(tracked.slice(at, at + edit.text.length)).toBe(edit.text)
          restored += tracked.slice(from, at) + html.slice(edit.start, edit.end)
          from = at + edit.text.length
          shift += edit.text.length - (edit.end - edit.start)
        }
        expect(restored + tracked.slice(from)).toBe(html)
      }),
      { numRuns: 3_000 },
    )
  })

  it('is read back as it was written: the same links with other addresses, and none new', () => {
    fc.assert(
      fc.property(soup, (html) => {
        const before = scanHtml(html).anchors
        const edits = htmlEdits(html, clicks)
        const after = scanHtml(applyEdits(html, edits)).anchors
        expect(after.map(({ text, untracked }) => ({ text, untracked }))).toEqual(
          before.map(({ text, untracked }) => ({ text, untracked })),
        )
        after.forEach((anchor, position) => {
          if (anchor.href !== before[position]?.href) expect(anchor.href?.startsWith(T)).toBe(true)
        })
      }),
      { numRuns: 3_000 },
    )
  })

  it('takes time in proportion to the text, whatever is in it', () => {
    for (const piece of [
      '<a ',
      '<!--',
      '</',
      '<a href="',
      '<style>',
      '<title></x',
      '&amp;',
      "<a x='",
      '<a href=https://a.test/>',
    ]) {
      const html = piece.repeat(Math.floor(2_000_000 / piece.length))
      const started = performance.now()
      htmlEdits(html, writer)
      expect(performance.now() - started, piece).toBeLessThan(5_000)
    }
  })
})
