import { describe, expect, it } from 'vitest'
import { renderWith } from '../render-for-test.ts'

const { render, text, html, errorIn } = renderWith('mandrill-handlebars')

describe('what the page of Mandrill shows', () => {
  const sign = '{{#if `count < 0`}}negative{{elseif `count == 0`}}zero{{elseif `count > 0`}}positive{{/if}}'
  const chain = '{{#if a}}A{{elseif b}}B{{elseif c}}C{{else}}D{{/if}}'
  const system = '{{#if `operating_system == "OS X"`}}Mac{{elseif `operating_system == "Windows"`}}PC{{/if}}'
  const cases: readonly (readonly [string, unknown, string])[] = [
    ['{{upper "your text"}}', {}, 'YOUR TEXT'],
    ['{{lower "YOUR Text"}}', {}, 'your text'],
    ['{{title "your text is neat"}}', {}, 'Your Text is Neat'],
    ['{{url "http://yourawesomeurl.com"}}', {}, 'http%3A%2F%2Fyourawesomeurl.com'],
    ['{{striptags "<p>your text</p>"}}', {}, 'your text'],
    ['{{my.thing}}', { my: { thing: 1 } }, '1'],
    ['\\{{thing}}', { thing: 1 }, '{{thing}}'],
    ['\\\\{{thing}}', { thing: 1 }, '\\1'],
    ['{{fname}} {{FName}} {{this.fname}}', { FNAME: 'Ann' }, 'Ann Ann Ann'],
    ['{{fname}} {{FNAME}}', { FNAME: 'Ann', fname: 'ann' }, 'ann Ann'],
    [
      '{{#if `total > 2`}}{{#each ITEMS}}{{name}}{{Name}}{{../Fname}}{{/each}}{{/if}}',
      { TOTAL: 3, items: [{ name: 'a' }], fname: 'x' },
      'ax',
    ],
    ['{{a}}{{#each this}}{{@key}};{{/each}}', { A: 1, b: 2 }, '1A;b;'],
    ['{{constructor}}{{__proto__}}{{TOSTRING}}', { a: 1 }, ''],
    ['{{#items}}{{this}},{{/items}}', { items: ['Computer', 'Mouse'] }, 'Computer,Mouse,'],
    ['{{#items}}{{name}},{{else}}none{{/items}}', { items: [] }, 'none'],
    [
      '{{#products}}{{name}}: {{price}}; {{/products}}',
      {
        products: [
          { name: 'a', price: 1 },
          { name: 'b', price: 2 },
        ],
      },
      'a: 1; b: 2; ',
    ],
    ['{{#each items}}{{@index}}{{this}}{{/each}}', { items: ['a', 'b'] }, '0a1b'],
    ['{{#with user}}{{name}}{{else}}nobody{{/with}}', { user: { name: 'Ann' } }, 'Ann'],
    ['{{#with user}}{{name}}{{else}}nobody{{/with}}', {}, 'nobody'],
    ['{{#unless paid}}pay{{else}}thanks{{/unless}}', { paid: '' }, 'pay'],
    ['{{^items}}none{{/items}}', {}, 'none'],
    ['{{#if `purchases > 3`}}loyal{{/if}}', { purchases: 4 }, 'loyal'],
    [system, { operating_system: 'OS X' }, 'Mac'],
    [system, { operating_system: 'Windows' }, 'PC'],
    [system, { operating_system: 'Linux' }, ''],
    ['{{#if a}}A{{elseif b}}B{{else}}C{{/if}}', { b: true }, 'B'],
    ['{{#if a}}A{{elseif b}}B{{else}}C{{/if}}', {}, 'C'],
    ['{{#if a}}A{{elseif b}}B{{else}}C{{/if}}', { a: 1, b: 1 }, 'A'],
    [chain, { c: true }, 'C'],
    [chain, {}, 'D'],
    ['{{#if a}}A{{else if b}}B{{/if}}', { b: 1 }, 'B'],
    ['{{#if `type == "product"`}}yes{{else}}no{{/if}}', { type: 'product' }, 'yes'],
    ['{{#if `type != "product"`}}yes{{else}}no{{/if}}', { type: 'product' }, 'no'],
    ['{{#if `a == b`}}equal{{else}}nope{{/if}}', { a: 'hello', b: 'hello' }, 'equal'],
    ['{{#if `a != b`}}diff{{else}}same{{/if}}', { a: 'foo', b: 'foo' }, 'same'],
    [
      '{{#if isActive}}active{{elseif `type == "special"`}}special{{else}}default{{/if}}',
      { type: 'special' },
      'special',
    ],
    ['{{#if `count == 3`}}three{{else}}other{{/if}}', { count: '3' }, 'three'],
    ['{{#if `count != 0`}}nonzero{{else}}zero{{/if}}', { count: '5' }, 'nonzero'],
    ['{{#if `count > 9`}}yes{{else}}no{{/if}}', { count: '10' }, 'yes'],
    ['{{#if `count < 10`}}yes{{else}}no{{/if}}', { count: '9' }, 'yes'],
    ['{{#if `price >= 9.99`}}yes{{else}}no{{/if}}', { price: 9.98 }, 'no'],
    ['{{#if `price < 1.5`}}yes{{else}}no{{/if}}', { price: 1.5 }, 'no'],
    ['{{#if `a <= b`}}yes{{/if}}', { a: 5, b: 5 }, 'yes'],
    ['{{#if `user.age >= 18`}}adult{{/if}}', { user: { age: 18 } }, 'adult'],
    [sign, { count: 7 }, 'positive'],
    [sign, { count: 0 }, 'zero'],
    [sign, { count: -3 }, 'negative'],
    ['{{#if missing}}x{{else}}falsy{{/if}}', {}, 'falsy'],
    ['{{url}} {{title}}', { url: 'U', title: 'T' }, 'U T'],
  ]
  it.each(cases)('%s of %j is %s', (source, data, wanted) => {
    expect(text(source, data)).toBe(wanted)
  })

  it('prints today as PHP does, in UTC', () => {
    const now = new Date()
    const day = now.toISOString().slice(0, 10)
    const [year, month, date] = day.split('-')
    expect(text('{{date}} {{date "Y-m-d"}} {{date "\\Y: y"}}')).toBe(
      `${date}/${month}/${year} ${day} Y: ${year?.slice(2)}`,
    )
  })

  it('takes a link to unsubscribe where one stands, in single quotes', () => {
    expect(
      html(`<a href='{{unsub "http://redirect.example/?a=1"}}'>x</a><a href='{{unsub there}}'>y</a>`),
    ).toBe(
      `<a href='https://unsubscribe.bulkhead.invalid/'>x</a><a href='https://unsubscribe.bulkhead.invalid/'>y</a>`,
    )
  })
})

describe('what Mandrill would print otherwise', () => {
  it.each([
    ["{{#if `a == 'b'`}}x{{/if}}", 'syntax', 'double quotes'],
    ['{{#if `a == “b”`}}x{{/if}}', 'syntax', 'curly quotes'],
    ['{{#if `a &gt; 3`}}x{{/if}}', 'syntax', 'write the character itself'],
    ['{{#if `a > 3 && b`}}x{{/if}}', 'syntax', 'two things'],
    ['{{#each `a > 3`}}x{{/each}}', 'unsupported', 'alone'],
    ['{{`a`}}', 'unsupported', 'alone'],
    ['{{> footer}}', 'unsupported', 'stands alone'],
    ['{{#equals a b}}x{{/equals}}', 'unknown_helper', 'no block helper "equals"'],
    ['{{insert a "b"}}', 'unknown_helper', 'no helper "insert"'],
    ['{{#if a}}{{elsif b}}{{/if}}', 'unknown_helper', '{{elseif …}}'],
    ['{{lookup a b}}', 'unknown_helper', 'lookup'],
    ['{{upper a b}}', 'syntax', 'takes 1 argument'],
    ['{{date "W"}}', 'failed', '"W"'],
    ['a\u0000b', 'syntax', 'NUL'],
  ])('%s is refused', (source, code, words) => {
    expect(errorIn(source, {})).toMatchObject({ code, message: expect.stringContaining(words) })
  })

  it('is refused with the place, behind what was rewritten', () => {
    expect(errorIn('{{#if `a > 1`}}{{elseif b}}{{nope c}}{{/if}}')).toMatchObject({ line: 1, column: 28 })
  })
})

describe('data', () => {
  const evil = `<a href=//evil>"'&`
  it('is inert in HTML, and literal in subject and text', () => {
    const shown = render({ subject: '{{n}}', html: '{{n}}{{{n}}}{{upper n}}', text: '{{n}}' }, { n: evil })
    const inert = '&lt;a href&#x3D;//evil&gt;&quot;&#x27;&amp;'
    expect(shown).toMatchObject({
      subject: evil,
      html: `${inert}${evil}${inert.replace('a href', 'A HREF').replace('evil', 'EVIL')}`,
      text: evil,
    })
  })

  it('has no prototype that could be reached, neither in a comparison', () => {
    expect(
      text(
        '{{#if `constructor != null`}}x{{/if}}{{#if `a.constructor.name == "Object"`}}x{{/if}}{{#constructor}}x{{/constructor}}{{#with a.__proto__}}x{{/with}}',
        { a: {} },
      ),
    ).toBe('')
  })

  it('with hostile tags is stripped in linear time', () => {
    expect(text('{{striptags n}}', { n: '<'.repeat(200_000) })).toBe('')
  })

  it('is listed with what asks for it, within objects too', () => {
    const { variables } = render(
      {
        text: '{{#with user}}{{name}}{{../shop}}{{/with}}{{#items}}{{x}}{{/items}}{{#if `n > 1`}}{{/if}}',
        explain: true,
      },
      { user: { name: 'Ann' }, n: 1 },
    )
    expect(variables.map(({ name, isMissing }) => `${name} ${isMissing}`)).toEqual([
      'items true',
      'n false',
      'shop true',
      'user false',
      'user.name false',
    ])
  })
})
