import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { renderWith } from '../render-for-test.ts'

const { render, text, html, subject, errorIn } = renderWith('merge-tags')

describe('merge tags', () => {
  const chain = '*|IF:TRANSACTIONS >= 20|*20%*|ELSEIF:TRANSACTIONS >= 10|*10%*|ELSE:|*none*|END:IF|*'
  const stock =
    '*|IFNOT:ARCHIVE_PAGE|* *|LIST:DESCRIPTION|* *|IF:REWARDS|*(*|HTML:REWARDS|*)*|ELSE:|**|IFNOT:PLAIN|*no rewards*|END:IF|**|END:IF|* *|END:IF|*'
  const cases: readonly (readonly [string, unknown, string])[] = [
    ['Dear *|FNAME|*,', { FNAME: 'Ann' }, 'Dear Ann,'],
    ['Dear *|FNAME|*,', { fname: 'Ann' }, 'Dear Ann,'],
    ['Dear *|fname|*,', { FNAME: 'Ann' }, 'Dear Ann,'],
    ['Dear *|FNAME|*,', {}, 'Dear ,'],
    ['*|FNAME|**|LNAME|*', { FNAME: 'A', LNAME: 'B' }, 'AB'],
    [
      '*|UPPER:N|* *|LOWER:N|* *|TITLE:N|*',
      { N: 'the Law of war' },
      'THE LAW OF WAR the law of war The Law of War',
    ],
    ['*|TITLE:MOVIE|*', { MOVIE: 'gone with the wind' }, 'Gone With the Wind'],
    ['*|TITLE:MOVIE|*', { MOVIE: 'GONE WITH THE WIND' }, 'Gone With the Wind'],
    ['*|URL:N|*', { N: "a b&c='d'" }, 'a%20b%26c%3D%27d%27'],
    ['*|LIST:NAME|*', { 'LIST:NAME': 'News' }, 'News'],
    ['*|MERGE3|* *|COUNT|*', { MERGE3: 'x', COUNT: 3 }, 'x 3'],
    ['*|IF:FNAME|*Hi *|FNAME|**|ELSE:|*Hello*|END:IF|*', { FNAME: 'Ann' }, 'Hi Ann'],
    ['*|IF:FNAME|*Hi *|FNAME|**|ELSE:|*Hello*|END:IF|*', { FNAME: '' }, 'Hello'],
    ['*|IF:FNAME|*Hi*|END:IF|*', {}, ''],
    [chain, { TRANSACTIONS: '25' }, '20%'],
    [chain, { TRANSACTIONS: 10 }, '10%'],
    [chain, { TRANSACTIONS: '9' }, 'none'],
    [chain, {}, 'none'],
    ['*|IF:A=b|*same*|ELSE:|*other*|END:IF|*', { A: 'b' }, 'same'],
    ['*|IF:A=b|*same*|ELSE:|*other*|END:IF|*', {}, 'other'],
    ['*|IF:A!=b|*other*|ELSE:|*same*|END:IF|*', {}, 'other'],
    ['*|IF:A == b|*same*|END:IF|*', { A: 'b' }, 'same'],
    ['*|IF:CITY = Brighton and Hove|*same*|END:IF|*', { CITY: 'Brighton and Hove' }, 'same'],
    ['*|IF:N > 3|*a*|END:IF|**|IF:N < 3|*b*|END:IF|**|IF:N <= 3|*c*|END:IF|*', { N: '3' }, 'c'],
    ['*|IF:N &gt;= 3|*a*|END:IF|*', { N: 3 }, 'a'],
    ['*|IFNOT:A|*none*|ELSE:|*some*|END:IF|*', {}, 'none'],
    ['*|IFNOT:A|*none*|ELSE:|*some*|END:IF|*', { A: 1 }, 'some'],
    ['*|IF:A|*1*|IF:B|*2*|ELSE:|*3*|END:IF|*4*|ELSE:|*5*|END:IF|*', { A: 1 }, '134'],
    ['*|IFNOT:ARCHIVE_PAGE|**|LIST:DESCRIPTION|**|END:IF|*', { 'LIST:DESCRIPTION': 'd' }, 'd'],
    ['<!-- *|IFNOT:ARCHIVE_PAGE|* --> shown <!-- *|END:IF|* -->', {}, '<!--  --> shown <!--  -->'],
    ['<!-- *|IFNOT:ARCHIVE_PAGE|* --> hidden <!-- *|END:IF|* -->', { ARCHIVE_PAGE: 1 }, '<!--  -->'],
    [stock, { REWARDS: '', 'LIST:DESCRIPTION': 'd' }, ' d no rewards '],
    [stock, { REWARDS: 'r', 'LIST:DESCRIPTION': 'd' }, ' d (r) '],
    [
      '<a href="*|UNSUB|*">x</a> *|UNSUB:http://a.example/|*',
      {},
      '<a href="https://unsubscribe.bulkhead.invalid/">x</a> https://unsubscribe.bulkhead.invalid/',
    ],
    ['*|UNSUB|*', { UNSUB: 'https://own.example/u' }, 'https://own.example/u'],
    ['<a href="http://*|UNSUB|*">', {}, '<a href="https://unsubscribe.bulkhead.invalid/">'],
    ['<a href="http://*|UNSUB|*">', { UNSUB: 'own.example/u' }, '<a href="http://own.example/u">'],
    ['http://*|HOST|*/', { HOST: 'own.example' }, 'http://own.example/'],
    ['a * b | c *| d', {}, 'a * b | c *| d'],
  ]
  it.each(cases)('%s of %j is %s', (source, data, wanted) => {
    expect(text(source, data)).toBe(wanted)
  })

  it('print dates as PHP does, in UTC', () => {
    const day = new Date().toISOString().slice(0, 10)
    expect(text('*|DATE:Y-m-d|* *|CURRENT_YEAR|* *|DATE:\\d\\a\\y|*')).toBe(`${day} ${day.slice(0, 4)} day`)
  })

  it('are inert in HTML but with HTML:, and literal in subject and text', () => {
    const evil = `<a href=//evil>"'&`
    const inert = '&lt;a href=//evil&gt;&#34;&#39;&amp;'
    const shown = render(
      { subject: '*|N|*', html: '<p title="*|N|*">*|N|**|LOWER:N|**|HTML:N|*</p>', text: '*|N|*' },
      { N: evil },
    )
    expect(shown).toMatchObject({
      subject: evil,
      html: `<p title="${inert}">${inert}${inert}${evil}</p>`,
      text: evil,
    })
  })

  it('are never read in data, and reach no prototype', () => {
    expect(
      text('*|N|**|HTML:N|**|CONSTRUCTOR|**|__PROTO__|**|IF:CONSTRUCTOR|*x*|END:IF|*', {
        N: '*|SECRET|*',
        SECRET: 'told',
      }),
    ).toBe('*|SECRET|**|SECRET|*')
  })

  it('are told when they are missing, where that is asked for', () => {
    expect(render({ html: 'a\n *|IF:A|**|END:IF|**|B|*', strict: true }).problems).toMatchObject([
      { code: 'missing_variable', line: 2, column: 20, message: 'The data holds no "B".' },
    ])
    const { variables, problems } = render(
      {
        html: '*|IF:a > 1|**|B|**|END:IF|**|UNSUB|* *| - |* <a href=*|B|*>',
        text: 't',
        explain: true,
        subject: 's',
      },
      { A: 1 },
    )
    expect(variables).toEqual([
      { name: 'A', parts: ['html'], isMissing: false },
      { name: 'B', parts: ['html'], isMissing: true },
    ])
    expect(problems.map(({ code }) => code)).toEqual([
      'missing_variable',
      'missing_variable',
      'suspicious',
      'unquoted_attribute',
    ])
  })

  it('are looked for where a tool encoded them', () => {
    const { html: shown, problems } = render({
      html: '<a href="*%7CLINK%7C*">',
      text: 't',
      explain: true,
      subject: 's',
    })
    expect(shown).toBe('<a href="*%7CLINK%7C*">')
    expect(problems.map(({ code, column }) => `${code} ${column}`)).toEqual(['suspicious 10'])
  })

  test.prop([fc.string({ unit: 'binary', maxLength: 100 })])(
    'open no tag and leave no attribute, whatever the data is',
    (value) => {
      expect(html('<i title="*|N|*">*|UPPER:N|*</i>', { N: value }).match(/[<>"]/g)?.join('')).toBe('<""><>')
    },
  )

  test.prop([
    fc.array(
      fc.constantFrom('*|', '|*', 'IF:A', 'ELSE:', 'END:IF', 'A', 'ELSEIF:A > 1', ' ', '*', '|', 'x', '\n'),
      { maxLength: 20 },
    ),
  ])('print or are refused, whatever stands there', (pieces) => {
    const shown = render({ text: pieces.join('') }, { A: 1 })
    expect(shown.text === null).toBe(shown.problems.length === 1)
    expect(['syntax', 'unsupported', undefined]).toContain(shown.problems[0]?.code)
  })
})

describe('what the vendor would print otherwise', () => {
  it.each([
    ['*|IF:A|*x*IELSEIF:B|*y*|END:IF|*', 'is no tag'],
    ['*|IF:A|*x*|ELSEIF:B|y*|END:IF|*', 'is no tag'],
    ['*|IF:A|*x|ELSE:|*y*|END:IF|*', 'is no tag'],
    ['*|IF:A|*x', 'has no *|END:IF|*'],
    ['x*|END:IF|*', 'outside'],
    ['*|IF:A|*x*|ELSE:|*y*|ELSE:|*z*|END:IF|*', 'behind *|ELSE:|*'],
    ['*|IF:A|*x*|ELSE:|*y*|ELSEIF:B|*z*|END:IF|*', 'behind *|ELSE:|*'],
    ['*|IF:A|*x*|ELSE|*y*|END:IF|*', 'write *|ELSE:|*'],
    ['*|IF:A|*x*|ENDIF|*', 'write *|END:IF|*'],
    ['*|IF:A|*x*|ELSE IF:B|*y*|END:IF|*', 'write *|ELSEIF:NAME|*'],
    ['*|IF A|*x*|END:IF|*', 'write *|IF:NAME|*'],
    ['*|IF:A AND B|*x*|END:IF|*', 'no AND and no OR'],
    ['*|IF:A = 1 && B = 2|*x*|END:IF|*', 'no AND and no OR'],
    ['*|IF:A = "b"|*x*|END:IF|*', 'leave them out'],
    ['*|IF:A ~ b|*x*|END:IF|*', 'is no condition'],
    ['*|IFNOT:A = b|*x*|END:IF|*', '*|IF:NAME != value|*'],
    ['*| FNAME |*', 'blanks around its name'],
    ['*|FNAME|fallback:there|*', 'has a default'],
    ['*|UPPER:URL:A|*', 'two prefixes'],
    ['*|INTERESTED:Colours:Red|*x*|END:INTERESTED|*', 'roups'],
    ['*|DATE:W|*', '"W"'],
    ['*|IF:A|*'.repeat(100) + '*|END:IF|*'.repeat(100), 'nested more than'],
  ])('%s is refused', (source, words) => {
    expect(errorIn(source, {})).toMatchObject({ severity: 'error', message: expect.stringContaining(words) })
  })

  it('in a subject is a condition', () => {
    expect(() => subject('*|IF:A|*x*|END:IF|*')).toThrow('do not work in a subject')
    expect(subject('Order *|ID|*', { ID: 7 })).toBe('Order 7')
  })

  it('is refused with the place', () => {
    expect(errorIn('ab\n  *|IF:A|*x*IELSEIF:B|*')).toMatchObject({ line: 2, column: 12 })
  })
})
