import { fc, test } from '@fast-check/vitest'
import Handlebars from 'handlebars'
import { describe, expect, it } from 'vitest'
import { renderWith } from '../render-for-test.ts'

const { render, text, html, errorIn } = renderWith('sendgrid-handlebars')

const EVIL = `<a href=//evil>"'&`

describe('what the page of SendGrid shows', () => {
  const people = { people: [{ name: 'Bob' }, { name: 'Sally' }] }
  const male =
    '{{#if user.profile.male}}Dear Sir{{else if user.profile.female}}Dear Madame{{else}}Dear Customer{{/if}}'
  const orders = {
    user: {
      orderHistory: [
        { date: '2/1/2018', item: 'shoes' },
        { date: '1/4/2017', item: 'hat' },
      ],
    },
  }
  const runner = '{{#or isRunner isCyclist}}Keep moving.{{else}}Do you like sports?{{/or}}'
  const food = '{{#and favoriteFood favoriteDrink}}Thanks.{{else}}Tell us.{{/and}}'
  const cart =
    '{{#greaterThan 0 length cartItems}}Left in your cart{{else}}Thanks for browsing{{/greaterThan}}'
  const cases: readonly (readonly [string, unknown, string])[] = [
    [
      '<p>Hello {{user.profile.firstName}}</p>',
      { user: { profile: { firstName: 'Ben' } } },
      '<p>Hello Ben</p>',
    ],
    ['Hello {{user.profile.firstName}}', orders, 'Hello '],
    ['{{{firstName}}}', { firstName: '<strong>Ben</strong>' }, '<strong>Ben</strong>'],
    [male, { user: { profile: { male: true } } }, 'Dear Sir'],
    [male, { user: { profile: { female: true } } }, 'Dear Madame'],
    [male, { user: { profile: {} } }, 'Dear Customer'],
    [
      '{{#if user.suspended}}Call {{@root.supportPhone}}{{/if}}',
      { user: { suspended: true }, supportPhone: '1-800' },
      'Call 1-800',
    ],
    [
      '{{#unless user.active}}Call {{@root.supportPhone}}{{/unless}}',
      { user: { active: false }, supportPhone: '1-800' },
      'Call 1-800',
    ],
    ['{{#greaterThan 100 78}}more{{else}}less{{/greaterThan}}', {}, 'more'],
    ['{{#lessThan 10 5}}less{{else}}more{{/lessThan}}', {}, 'more'],
    [
      '{{#equals customerCode winningCode}}won{{else}}lost{{/equals}}',
      { customerCode: 289199, winningCode: 289199 },
      'won',
    ],
    [
      '{{#equals customerCode winningCode}}won{{else}}lost{{/equals}}',
      { customerCode: 167320, winningCode: 289199 },
      'lost',
    ],
    ['{{#equals 3 "3"}}same{{/equals}}', {}, 'same'],
    [
      '{{#notEquals currentDate appointmentDate}}remember{{else}}today{{/notEquals}}',
      { currentDate: '20:00', appointmentDate: '21:00' },
      'remember',
    ],
    [food, { favoriteFood: 'Pasta', favoriteDrink: '' }, 'Tell us.'],
    [food, { favoriteFood: 'Pasta', favoriteDrink: 'Tea' }, 'Thanks.'],
    [runner, { isRunner: true, isCyclist: false }, 'Keep moving.'],
    [runner, { isRunner: false, isCyclist: true }, 'Keep moving.'],
    [runner, { isRunner: false, isCyclist: false }, 'Do you like sports?'],
    [
      '{{#each user.orderHistory}}<li>You ordered: {{this.item}} on: {{this.date}}</li>{{/each}}',
      orders,
      '<li>You ordered: shoes on: 2/1/2018</li><li>You ordered: hat on: 1/4/2017</li>',
    ],
    [
      '{{#if people}}<p>People:</p>{{#each people}}<p>{{this.name}}</p>{{/each}}{{/if}}',
      people,
      '<p>People:</p><p>Bob</p><p>Sally</p>',
    ],
    ['Hello {{insert name "default=Customer"}}!', { name: 'Ben' }, 'Hello Ben!'],
    ['Hello {{insert name "default=Customer"}}!', {}, 'Hello Customer!'],
    ['{{insert businessName "your business"}}', {}, 'your business'],
    ['Dear {{first_name | Valued Customer}},', {}, 'Dear Valued Customer,'],
    ['Dear {{first_name | Valued Customer}},', { first_name: 'Ann' }, 'Dear Ann,'],
    ['Dear {{{first_name|"you"}}},', {}, 'Dear "you",'],
    [cart, { cartItems: ['raft', 'water bottle'] }, 'Left in your cart'],
    [cart, { cartItems: [] }, 'Thanks for browsing'],
    ['{{#greaterThan length cartItems 0}}Left{{/greaterThan}}', { cartItems: [1] }, 'Left'],
    ['{{#greaterThan (length cartItems) 1}}Left{{else}}None{{/greaterThan}}', { cartItems: [1] }, 'None'],
    ['{{length cartItems}} {{length name}} {{length nothing}}', { cartItems: [1, 2], name: 'Ann' }, '2 3 0'],
    ['{{#each people}}{{@index}}{{@key}}{{#unless @last}}, {{/unless}}{{/each}}', people, '00, 11'],
    ['{{#each colours}}{{@key}}={{this}};{{/each}}', { colours: { red: 1, blue: 2 } }, 'red=1;blue=2;'],
    ['{{#each people}}{{../shop}}:{{name}} {{/each}}', { ...people, shop: 'S' }, 'S:Bob S:Sally '],
    ['{{#each none}}x{{else}}nothing{{/each}}', {}, 'nothing'],
    ['\\{{x}} {{! a }}{{!-- {{b}} --}}{{x}}', { x: 1 }, '{{x}} 1'],
  ]
  it.each(cases)('%s', (source, data, wanted) => {
    expect(text(source, data)).toBe(wanted)
  })

  it('keeps the lines of blocks out, as Handlebars does', () => {
    const source = '<ol>\n{{#each l}}\n\t<li>{{this}}</li>\n{{/each}}\n</ol>\n'
    expect(html(source, { l: [1, 2] })).toBe('<ol>\n\t<li>1</li>\n\t<li>2</li>\n</ol>\n')
  })

  it.each([
    ['2020-01-01T23:00:00.000Z', 'MMMM DD, YYYY h:mm:ss A', undefined, 'January 01, 2020 11:00:00 PM'],
    ['2020-01-01T23:00:00.000Z', 'MM/DD/YYYY', '-0800', '01/01/2020'],
    [
      '2020-01-01T03:00:00.000Z',
      'dddd ddd D.M.YY H HH hh m s ZZ Z',
      '-0800',
      'Tuesday Tue 31.12.19 19 19 07 0 0 -0800 -08:00',
    ],
    [1_577_919_600, 'YYYY-MM-DDTHH:mm:ss', undefined, '2020-01-01T23:00:00'],
    [1_577_919_600_000, 'MMM D [of] YYYY', '+05:30', 'Jan 2 of 2020'],
    ['', 'YYYY', undefined, ''],
  ])('formatDate %s %s %s', (at, format, offset, wanted) => {
    const source = offset === undefined ? '{{formatDate at format}}' : '{{formatDate at format offset}}'
    expect(text(source, { at, format, offset })).toBe(wanted)
  })
})

describe('what SendGrid would print otherwise', () => {
  it.each([
    ['{{#if a}}A{{elseif b}}B{{else}}C{{/if}}', 'unknown_helper', '{{else if …}}'],
    ['{{#with user}}{{name}}{{/with}}', 'unknown_helper', 'does not render {{#with}}'],
    ['{{lookup a "b"}}', 'unknown_helper', 'lookup'],
    ['{{#if (eq a "1")}}x{{/if}}', 'unknown_helper', '{{#equals a b}}'],
    ['{{#items}}{{this}}{{/items}}', 'unknown_helper', 'block helper "items"'],
    ['{{^items}}none{{/items}}', 'unknown_helper', 'items'],
    ['{{> header}}', 'unsupported', 'stands alone'],
    ['{{#> layout}}x{{/layout}}', 'unsupported', 'stands alone'],
    ['{{#*inline "x"}}y{{/inline}}', 'unsupported', 'ecorators'],
    ['{{* foo}}', 'unsupported', 'ecorators'],
    ['{{{{raw}}}}x{{{{/raw}}}}', 'unsupported', 'aw blocks'],
    ['{{upper name}}', 'unknown_helper', 'no helper "upper"'],
    ['{{insert formatDate at "YYYY"}}', 'unsupported', 'formatDate'],
    ['{{#each items as |item|}}{{item}}{{/each}}', 'unsupported', 'ames between bars'],
    ['{{#if n includeZero=true}}x{{/if}}', 'unsupported', 'argument by name'],
    ['{{@foo}}', 'unsupported', '@root'],
    ['{{../x}}', 'unsupported', 'leads out of the data'],
    ['{{#if a b}}x{{/if}}', 'syntax', 'takes 1 argument'],
    ['{{equals}}', 'unknown_helper', 'no helper "equals"'],
    ['{{#if `a > 1`}}x{{/if}}', 'syntax', 'no expression'],
    ['{{insert name “you”}}', 'syntax', 'curly quotes'],
    ['{{name&nbsp;}}', 'syntax', 'write the character itself'],
    ['{{#if a}}x', 'syntax', '{{#if}} is not closed'],
    ['{{#if a}}x{{/each}}', 'syntax', '{{/each}} stands where {{/if}} must'],
    ['{{/if}}', 'syntax', 'closes nothing'],
    ['{{name', 'syntax', 'has no end'],
    ['{{#lessThan 0 length items}}x{{/lessThan}}', 'unsupported', 'not known'],
    ['{{formatDate "soon" "YYYY"}}', 'failed', 'no time'],
    ['{{formatDate "2020-01-01" "Do"}}', 'failed', '"o"'],
  ])('%s is refused', (source, code, words) => {
    expect(errorIn(source, {})).toMatchObject({ code, message: expect.stringContaining(words) })
  })

  it('is refused with the place, also behind what was rewritten', () => {
    const source = '{{a | b}}{{c | d}}\n {{e | f}} {{#if x}}{{elseif y}}{{/if}}'
    expect(errorIn(source, {})).toMatchObject({ line: 2, column: 21 })
    expect(errorIn('ab\n{{ x\n y }}', {})).toMatchObject({ line: 2, column: 1 })
    expect(errorIn('x\n\n {{#if a}}', {})).toMatchObject({ line: 3, column: 2 })
  })
})

describe('data', () => {
  it('is inert in HTML, escaped in subjects as the page of the vendor says, and literal in text', () => {
    const shown = render(
      { subject: '{{n}}|{{{n}}}', html: '<p title="{{n}}">{{n}}</p>', text: '{{n}}' },
      { n: EVIL },
    )
    const inert = '&lt;a href&#x3D;//evil&gt;&quot;&#x27;&amp;'
    expect(shown).toMatchObject({
      subject: `<a href=//evil>&quot;&apos;&amp;|${EVIL}`,
      html: `<p title="${inert}">${inert}</p>`,
      text: EVIL,
    })
  })

  it('is never a template', () => {
    expect(
      text('{{{n}}}{{insert n "default=x"}}{{#each l}}{{this}}{{/each}}', {
        n: '{{secret}}',
        l: ['{{secret}}'],
        secret: 'told',
      }),
    ).not.toContain('told')
  })

  it('has no prototype that could be reached', () => {
    const source =
      '{{constructor}}{{constructor.name}}{{__proto__}}{{__proto__.constructor}}{{d.constructor.constructor}}{{toString}}{{d.toString}}{{s.constructor}}{{#each d.constructor}}x{{/each}}{{#if constructor}}x{{/if}}{{length constructor}}{{l.map}}'
    expect(text(source, { d: {}, s: 's', l: [1] })).toBe('0')
  })

  it('that is missing is an error where that is asked for, but not in a condition or with a default', () => {
    const source = '{{#if a}}{{a}}{{/if}}{{insert b "x"}}{{c | y}}\n{{d.e}}'
    expect(text(source, {})).toBe('xy\n')
    expect(render({ text: source, strict: true }, {}).problems).toMatchObject([
      { code: 'missing_variable', line: 2, column: 3, message: 'The data holds no "d.e".' },
    ])
  })

  it('is listed with what asks for it', () => {
    const { variables, problems } = render(
      {
        subject: '{{order.id}}',
        text: '{{#each order.items}}{{name}}{{@root.shop}}{{/each}}{{user.name}}{{#if vip}}{{/if}}',
        explain: true,
      },
      { order: { id: 1, items: [] }, shop: 's' },
    )
    expect(variables).toEqual([
      { name: 'order.id', parts: ['subject'], isMissing: false },
      { name: 'order.items', parts: ['text'], isMissing: false },
      { name: 'shop', parts: ['text'], isMissing: false },
      { name: 'user.name', parts: ['text'], isMissing: true },
      { name: 'vip', parts: ['text'], isMissing: true },
    ])
    expect(problems.map(({ code, part }) => `${code} ${part}`)).toEqual([
      'missing_variable text',
      'suspicious subject',
    ])
  })
})

/**
 * Sources of what both engines have: paths, if, unless, each, in any order and depth. Text stands before three braces: handlebars.js adds two
 * numbers that stand together so. No list holds null: within it handlebars.js stands in an empty object, which prints.
 */
const sources = fc.letrec<{ body: string; node: string }>((tie) => ({
  body: fc.array(tie('node'), { maxLength: 4 }).map((nodes) => nodes.join('')),
  node: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(
      ' text ',
      '\n',
      '<p>',
      '{{a}}',
      ' {{{b}}}',
      '{{c.d}}',
      '{{this}}',
      '{{@root.a}}',
      '{{ c.l.[1] }}',
      '{{~a~}}',
      '{{! c }}',
      '{{l.[0]}}',
    ),
    fc.constantFrom('{{this.d}}', '{{@key}}', ' {{{@index}}}', '\\{{a}}', '{{@first}}'),
    fc
      .tuple(fc.constantFrom('a', 'b', 'c', 'l', 'c.l', 'this', 'e', 'z'), tie('body'), tie('body'))
      .map(([path, body, other]) => `{{#if ${path}}}${body}{{else if b}}x{{else}}${other}{{/if}}`),
    fc
      .tuple(fc.constantFrom('a', 'l', 'e'), tie('body'))
      .map(([path, body]) => `{{#unless ${path}}}\n${body}\n{{/unless}}\n`),
    fc
      .tuple(fc.constantFrom('l', 'c', 'c.l', 'this', 'e', 'a'), tie('body'), tie('body'))
      .map(([path, body, other]) => `{{#each ${path}}}${body}{{else}}${other}{{/each}}`),
  ),
}))
const values: fc.Arbitrary<unknown> = fc.oneof(
  fc.string({ maxLength: 5 }),
  fc.constantFrom(0, 1, '', true, false, EVIL, [], ['x', 'y'], ['', 0], { d: 'in', l: ['p', 'q'] }, [
    [1, 2],
    { a: 3 },
  ]),
)

describe('what handlebars.js has too', () => {
  test.prop([sources.body, fc.record({ a: values, b: values, c: values, l: values, e: values })], {
    numRuns: 1_000,
  })('is printed as handlebars.js prints it', (source, data) => {
    expect(html(source, data)).toBe(Handlebars.compile(source)({ ...data }))
  })
})

describe('a bomb', () => {
  const list = Array.from({ length: 1_000 }, (_, index) => index)
  it.each([
    [
      'nested lists',
      '{{#each @root.l}}{{#each @root.l}}{{#each @root.l}}{{#each @root.l}}{{/each}}{{/each}}{{/each}}{{/each}}',
      'time_limit',
    ],
    ['much output', '{{#each l}}{{#each @root.l}}{{@root.s}}{{/each}}{{/each}}', 'output_limit'],
    [
      'lists that are printed again and again',
      '{{#each l}}{{#each @root.l}}{{#if (length @root.l)}}{{@root.l}}{{/if}}{{/each}}{{/each}}',
      'output_limit',
    ],
    ['deep nesting', '{{#if a}}'.repeat(10_000), 'syntax'],
    ['closed deep nesting', '{{#if a}}'.repeat(3_000) + '{{/if}}'.repeat(3_000), 'syntax'],
  ])('of %s ends with a problem', (_what, source, code) => {
    const began = performance.now()
    expect(errorIn(source, { l: list, s: 'x'.repeat(1_000) })?.code).toBe(code)
    expect(performance.now() - began).toBeLessThan(5_000)
  })
})
