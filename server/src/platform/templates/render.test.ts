import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { workedMs } from './job-clock.ts'
import type { RenderResult } from './job.ts'
import { renderWith } from './render-for-test.ts'

const { render } = renderWith('liquid')

const EVIL = `<a href=//evil>"'&`
const INERT = '&lt;a href=//evil&gt;&#34;&#39;&amp;'

function codesOf(result: RenderResult): string[] {
  return result.problems.filter(({ severity }) => severity === 'error').map(({ code }) => code)
}

describe('what the data holds', () => {
  it('is inert in HTML and literal in text and subject', () => {
    const shown = render(
      { subject: '{{ n }}', html: '<p title="{{ n }}">{{ n }}</p>', text: '{{ n }}' },
      { n: EVIL },
    )
    expect(shown).toMatchObject({ subject: EVIL, html: `<p title="${INERT}">${INERT}</p>`, text: EVIL })
  })

  it('is escaped once, whatever captures it or escapes it first', () => {
    const sources = [
      '{% capture c %}{{ n }}{% endcapture %}{{ c }}',
      '{{ n | escape }}',
      '{{ n | escape | escape }}',
      '{{ n | escape_once }}',
      '{% echo n %}',
      '{% liquid\n echo n %}',
      '{% assign m = n | escape %}{{ m }}',
      '{% capture c %}{% capture d %}{{ n }}{% endcapture %}{{ d }}{% endcapture %}{{ c }}',
    ]
    expect(sources.map((html) => render({ html }, { n: EVIL }).html)).toEqual(sources.map(() => INERT))
  })

  it('is escaped again where what was escaped is changed, so that no filter lets it out', () => {
    const sources = [
      '{% capture c %}{{ n }}{% endcapture %}{{ c | replace: "&lt;", "<" }}',
      '{{ n | escape | replace: "&lt;", "<" }}',
      '{{ n | upcase }}',
      '{{ n | split: "" | join: "" }}',
      '{{ n | escape | append: n }}',
      '{{ n | json }}',
      '{{ n | newline_to_br }}',
      '{{ l }}',
      '{{ l | join: n }}',
      '{{ n | url_decode }}',
      '{{ n | date: n }}',
      '{{ missing | default: n }}',
    ]
    for (const html of sources)
      expect(render({ html }, { n: EVIL, l: [EVIL, [EVIL]] }).html, html).not.toContain('<a')
  })

  it('is let out by raw alone, which the author writes', () => {
    expect(render({ html: '{{ n | raw }}{{ n | newline_to_br }}' }, { n: '<b>\n' }).html).toBe(
      '<b>\n&lt;b&gt;<br>\n',
    )
  })

  it('is never a template', () => {
    expect(
      render({ html: '{{ n }}{{ n | raw }}' }, { n: '{{ secret }}{% if x %}', secret: 'told' }).html,
    ).not.toContain('told')
  })

  it('puts no line into the subject, however it is written', () => {
    const breaks = 'a\r\nBcc: x@y.example\u2028b\u0085c\u0000d\ve'
    const { subject } = render({ subject: '\n {{ n }}\n' }, { n: breaks })
    expect(subject).toBe('a Bcc: x@y.example b c d e')
  })

  test.prop([fc.string({ unit: 'grapheme', maxLength: 200 })])('keeps a subject one line', (text) => {
    expect(render({ subject: 'x{{ n }}' }, { n: text }).subject).not.toMatch(/[\r\n\p{Cc}\u2028\u2029]/u)
  })

  test.prop([fc.string({ unit: 'binary', maxLength: 200 })])(
    'opens no tag and leaves no attribute',
    (text) => {
      const { html } = render({ html: '<i title="{{ n }}">{{ n }}</i>' }, { n: text })
      expect(html?.match(/[<>"]/g)?.join('')).toBe('<""><>')
    },
  )

  test.prop([fc.json()])('prints whatever it is, and reaches no prototype', (json) => {
    const sources = [
      '{{ d }}',
      '{{ d.constructor }}{{ d.__proto__ }}{{ constructor }}{{ d.toString }}{{ d.constructor.constructor }}',
    ]
    for (const text of sources) {
      const shown = render({ text }, { d: JSON.parse(json) })
      expect(shown.text ?? '').not.toMatch(/native code|function/)
    }
  })
})

function problemAt(source: string, data?: unknown) {
  const { problems, html } = render({ html: source }, data)
  expect(html).toBeNull()
  return problems[0]
}

function remarksOn(html: string, subject = 's') {
  return render({ subject, html, explain: true }, { u: 'x' }).problems.map(({ code }) => code)
}

describe('a template that is wrong', () => {
  it('says where and what, in words', () => {
    expect(problemAt('a\n  {{ b | nope }}')).toMatchObject({
      code: 'unknown_filter',
      message: 'There is no filter "nope".',
      line: 2,
      column: 3,
    })
    expect(problemAt('{% nope %}')).toMatchObject({
      code: 'unknown_tag',
      message: 'There is no tag "nope".',
      line: 1,
      column: 1,
    })
    expect(problemAt('x\n{% if a %}')).toMatchObject({ code: 'syntax', line: 2, column: 1 })
    expect(problemAt('{{ a | default: “b” }}')).toMatchObject({
      code: 'syntax',
      message: expect.stringContaining('use straight ones'),
    })
    expect(problemAt('{{ a &nbsp;}}')).toMatchObject({
      code: 'syntax',
      message: expect.stringContaining('write the character itself'),
    })
  })

  it('is refused where the engine would print the wrong branch', () => {
    expect(problemAt('{% if a %}A\n{% else if b %}B{% endif %}')).toMatchObject({
      code: 'syntax',
      message: '"else if b" is not known: write elsif.',
      line: 2,
    })
  })

  it('reads no other template and no file', () => {
    for (const tag of ['include', 'render', 'layout', 'block'])
      expect(problemAt(`{% ${tag} "/etc/passwd" %}`)).toMatchObject({
        code: 'unknown_tag',
        message: expect.stringContaining('stands alone'),
      })
  })

  it('leaves the other parts as they are', () => {
    const shown = render({ subject: 'a', html: '{{ x | nope }}', text: 'b' })
    expect(shown).toMatchObject({ subject: 'a', html: null, text: 'b' })
  })

  it('names a missing variable as an error where that is asked for, but not in a condition or with a default', () => {
    const source = '{% if a %}{{ a }}{% endif %}{{ b | default: "c" }}\n{{ d.e }}'
    expect(render({ html: source }).html).toBe('c\n')
    expect(render({ html: source, strict: true }).problems).toMatchObject([
      { code: 'missing_variable', severity: 'error', line: 2, column: 4 },
    ])
  })
})

describe('a bomb', () => {
  it.each([
    [
      'a doubled text',
      '{% assign x = "aaaaaaaaaa" %}{% for i in (1..60) %}{% assign x = x | append: x %}{% endfor %}{{ x }}',
    ],
    [
      'nested loops',
      '{% for a in (1..9999) %}{% for b in (1..9999) %}{% for c in (1..9999) %}x{% endfor %}{% endfor %}{% endfor %}',
    ],
    ['a long range', '{% for a in (1..1000000000) %}x{% endfor %}'],
    [
      'much output',
      '{% for a in (1..100000) %}0123456789012345678901234567890123456789012345678901234567890123456789{% endfor %}',
    ],
    [
      'a captured loop',
      '{% capture c %}{% for a in (1..100000) %}0123456789012345678901234567890123456789012345678901234567890123456789{% endfor %}{% endcapture %}',
    ],
    ['deep nesting', '{% if a %}'.repeat(10_000)],
    ['a padded date', '{{ "now" | date: "%999999999Y" }}'],
    [
      'growing lists',
      '{% assign x = "a,b" | split: "," %}{% for i in (1..1000) %}{% assign x = x | concat: x %}{% endfor %}',
    ],
  ])('of %s ends with a problem in less than a second', (_what, html) => {
    // What the process works: on a busy machine more time passes.
    const began = workedMs()
    const shown = render({ html })
    expect(codesOf(shown)).toHaveLength(1)
    expect(workedMs() - began).toBeLessThan(1_000)
  })

  it('of many tags to strip is none: that takes linear time', () => {
    expect(codesOf(render({ html: '{{ n | strip_html | size }}' }, { n: '<'.repeat(200_000) }))).toEqual([])
  })
})

describe('what is told of a template', () => {
  it('names what it asks for, and what of that is missing', () => {
    const shown = render(
      {
        subject: '{{ order.id }}',
        html: '{% for item in order.items %}{{ item.name }}{{ forloop.index }}{% endfor %}{{ user.name }}\n{{ shop.name }}',
        explain: true,
      },
      { order: { id: 1, items: [] }, user: { name: null } },
    )
    expect(shown.variables).toEqual([
      { name: 'order.id', parts: ['subject'], isMissing: false },
      { name: 'order.items', parts: ['html'], isMissing: false },
      { name: 'shop.name', parts: ['html'], isMissing: true },
      { name: 'user.name', parts: ['html'], isMissing: false },
    ])
    expect(shown.problems).toContainEqual({
      part: 'html',
      severity: 'warning',
      code: 'missing_variable',
      message: 'The data holds no "shop.name"; it prints as nothing.',
      line: 2,
      column: 4,
    })
  })

  it('warns of attributes without quotes, of HTML that is shown cut short, and of what is not there', () => {
    expect(remarksOn('<a href={{ u }}>')).toEqual(['unquoted_attribute', 'no_text'])
    expect(remarksOn('<a href="{{ u }}">x = {{ u }}')).toEqual(['no_text'])
    expect(remarksOn('x'.repeat(110_000), ' ')).toEqual(['empty_subject', 'no_text', 'message_clipped'])
  })
})

describe('a value', () => {
  it('prints as people write it', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['{{ 1234567.896 | currency: "EUR" }}', '€1,234,567.90'],
      ['{{ 123456.78 | format_number: "de-DE" }}', '123.456,78'],
      ['{{ 1 | pluralize: "item" }} {{ 3 | pluralize: "box", "boxes" }}', '1 item 3 boxes'],
      ['{{ "ann of green-gables" | titlecase }}', 'Ann Of Green-Gables'],
      ['{{ 1461866400 | date: "%Y-%m-%d %H:%M", "America/Los_Angeles" }}', '2016-04-28 11:00'],
      ['{{ 1461866400 | date: "%Y-%m-%d %H:%M" }}', '2016-04-28 18:00'],
      ['{{ "2026-01-31" | date: "%A" }}', 'Saturday'],
      ['{{ x | currency }}', ''],
    ]
    for (const [text, wanted] of cases) expect(render({ text }).text, text).toBe(wanted)
  })
})
