import { describe, expect, it } from 'vitest'
import { editableNames, fillEditable } from './editable.ts'
import { renderWith } from './render-for-test.ts'

const EVIL = `<a href=//evil>"'&`

describe('variables of Resend', () => {
  const { render, text, html, errorIn } = renderWith('resend')

  it.each([
    ['Name: {{{PRODUCT}}}, total: {{{ PRICE }}}', { PRODUCT: 'Tea', PRICE: 25 }, 'Name: Tea, total: 25'],
    ['Hi {{{contact.first_name|there}}}', {}, 'Hi there'],
    ['Hi {{{contact.first_name|there}}}', { contact: { first_name: 'Ann' } }, 'Hi Ann'],
    ['Hi {{{NAME|}}}!', {}, 'Hi !'],
    ['{{{NAME}}}', { NAME: '{{{SECRET}}}', SECRET: 'told' }, '{{{SECRET}}}'],
    ['{{{RESEND_UNSUBSCRIBE_URL}}}', {}, 'https://unsubscribe.bulkhead.invalid/'],
    ['a {{ b }} c {', {}, undefined],
  ])('%s of %j', (source, data, wanted) => {
    if (wanted === undefined) expect(errorIn(source, data)).toMatchObject({ code: 'unsupported' })
    else expect(text(source, data)).toBe(wanted)
  })

  it('are inert in HTML, and literal in subject and text', () => {
    const shown = render(
      { subject: '{{{N}}}', html: '<p title="{{{N}}}">{{{N}}}</p>', text: '{{{N}}}' },
      { N: EVIL },
    )
    const inert = '&lt;a href=//evil&gt;&#34;&#39;&amp;'
    expect(shown).toMatchObject({ subject: EVIL, html: `<p title="${inert}">${inert}</p>`, text: EVIL })
  })

  it('without a value and a fallback refuse the message', () => {
    expect(errorIn('a\n{{{N}}}')).toMatchObject({ code: 'missing_variable', line: 2, column: 1 })
    expect(errorIn('{{{constructor}}}')).toMatchObject({ code: 'missing_variable' })
    expect(errorIn('{{{N')).toMatchObject({ code: 'syntax' })
    expect(errorIn('{{{#if a}}}')).toMatchObject({ code: 'syntax' })
    expect(html('{{{__proto__|none}}}')).toBe('none')
  })

  it('are listed', () => {
    expect(render({ html: '{{{A}}}{{{b.c|x}}}', explain: true }, { A: 1 }).variables).toEqual([
      { name: 'A', parts: ['html'], isMissing: false },
      { name: 'b.c', parts: ['html'], isMissing: true },
    ])
  })
})

describe("SendGrid's old templates", () => {
  const { render, text } = renderWith('sendgrid-legacy')

  it('hold the words of the message, with its tags', () => {
    const shown = render(
      {
        subject: 'Shop: <%subject%>',
        html: '<b><%body%></b>',
        text: '> <% BODY %>',
        editable: [
          { name: 'subject', content: 'Hi -name-' },
          { name: 'html', content: '<p>-name-$&</p>' },
          { name: 'text', content: 'Dear -name-' },
        ],
      },
      { substitutions: { '-name-': 'Ann & <i>Co</i>' } },
    )
    expect(shown).toMatchObject({
      subject: 'Shop: Hi Ann & <i>Co</i>',
      html: '<b><p>Ann & <i>Co</i>$&</p></b>',
      text: '> Dear Ann & <i>Co</i>',
    })
  })

  it('stay as they are where the message says nothing of its own', () => {
    expect(text('<%body%> -a-', { substitutions: { '-a-': 'b' } })).toBe('<%body%> b')
    const shown = render({ text: '[<%body%>]', editable: [{ name: 'html', content: 'x' }] }, {})
    expect(shown.text).toBe('[]')
  })

  it('have no HTML where the author wrote text only, but keep it where there is nothing else to send', () => {
    const editable = [{ name: 'text', content: 'Dear Ann' }]
    expect(render({ html: '<b><%body%></b>', text: '> <%body%>', editable }, {})).toMatchObject({
      html: null,
      text: '> Dear Ann',
    })
    expect(render({ html: '<b><%body%></b>', text: '', editable }, {}).html).toBe('<b></b>')
    const both = [...editable, { name: 'html', content: '<p>Ann</p>' }]
    expect(render({ html: '<b><%body%></b>', text: '>', editable: both }, {}).html).toBe('<b><p>Ann</p></b>')
  })

  it('fill sections as the page of SendGrid shows', () => {
    const source = 'Hi :salutation, :event_details.'
    const sections = {
      ':male': 'Mr. :name',
      ':female': 'Ms. :name',
      ':event1': 'New User Event on :event_date',
    }
    const substitutions = {
      ':salutation': ':female',
      ':name': 'Alice',
      ':event_details': ':event1',
      ':event_date': 'Jan 1',
    }
    expect(text(source, { substitutions, sections })).toBe('Hi Ms. Alice, New User Event on Jan 1.')
  })

  it('take the longer of two tags that begin alike, and look at no value again', () => {
    expect(
      text('%a%%ab% -x-', { substitutions: { '%a': '1', '%a%': '2', '%ab%': '%a%', '-x-': '-x-' } }),
    ).toBe('2%a% -x-')
    expect(text('.*+?[', { substitutions: { '.*': 'a', '[': 'b' } })).toBe('a+?b')
    expect(text('a', { sections: { a: 'a' }, substitutions: { b: 'a' } })).toBe('a')
  })

  it('that multiply what is put in are stopped', () => {
    const substitutions = { a: 'b'.repeat(5_000) }
    const sections = { b: 'c'.repeat(5_000) }
    const { problems } = render({ text: 'a'.repeat(5_000) }, { substitutions, sections })
    expect(problems).toMatchObject([{ code: expect.stringMatching(/output_limit|time_limit/) }])
  })
})

describe('regions with mc:edit', () => {
  it('are filled with what the author says, and hold what they held where he says nothing', () => {
    const html =
      '<h1 mc:edit="title">Title</h1><!-- <p mc:edit="no">x</p> --><div class="a>b" mc:edit=\'main\'>a<div>b</div>c</div><img mc:edit=logo src="x.png"><td mc:edit="rest">stays</td>'
    expect(
      fillEditable(html, [
        { name: 'title', content: 'New $&' },
        { name: 'main', content: '<p>*|FNAME|*</p>' },
        { name: 'logo', content: '<img src="y.png">' },
        { name: 'no', content: 'no' },
      ]),
    ).toBe(
      '<h1 mc:edit="title">New $&</h1><!-- <p mc:edit="no">x</p> --><div class="a>b" mc:edit=\'main\'><p>*|FNAME|*</p></div><img src="y.png"><td mc:edit="rest">stays</td>',
    )
    expect(editableNames(html)).toEqual(['title', 'main', 'logo', 'rest'])
  })

  it('are found whatever stands around them', () => {
    for (const [html, wanted] of [
      [
        '<style>p>a{} <p mc:edit="x">y</p></style><p mc:edit="x">z</p>',
        '<style>p>a{} <p mc:edit="x">y</p></style><p mc:edit="x">N</p>',
      ],
      ['<div mc:edit="x"><div mc:edit="y">z</div></div>', '<div mc:edit="x">N</div>'],
      ['<div mc:edit="x">never closed', '<div mc:edit="x">never closed'],
      ['<p mc:edit="x">a</p><p mc:edit="x">b</p>', '<p mc:edit="x">N</p><p mc:edit="x">N</p>'],
      ['<P MC:EDIT="x">a</P>', '<P MC:EDIT="x">N</P>'],
    ] as const)
      expect(fillEditable(html, [{ name: 'x', content: 'N' }])).toBe(wanted)
  })

  it('are filled before the tags in them, and within the same rendering', () => {
    const { render } = renderWith('merge-tags')
    const shown = render(
      {
        html: '<p mc:edit="main">x</p>*|A|*',
        editable: [
          { name: 'main', content: '<b>*|A|*</b>' },
          { name: 'gone', content: '' },
        ],
        explain: true,
      },
      { A: '<' },
    )
    expect(shown.html).toBe('<p mc:edit="main"><b>&lt;</b></p>&lt;')
    expect(shown.problems).toContainEqual(
      expect.objectContaining({ code: 'suspicious', message: 'No element carries mc:edit="gone".' }),
    )
  })
})
