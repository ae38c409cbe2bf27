import { describe, expect, it } from 'vitest'
import { textOfHtml } from './text-of-html.ts'

describe('text of HTML', () => {
  it('has a line for each block, and says where links lead', () => {
    expect(
      textOfHtml(
        '<html><head><title>x</title><style>p{}</style></head><body><h1>Hi</h1><p>One <b>two</b><br>three</p><ul><li>a</li><li>b</li></ul><a href="https://example.com/x">Here</a></body></html>',
      ),
    ).toBe('Hi\n\nOne two\nthree\n\n* a\n\n* b\n\nHere ( https://example.com/x )')
  })

  it('leaves what a template language holds as it is, and reads entities', () => {
    expect(textOfHtml('<p>{{name}} &amp; <%body%> &lt;3 &#233;</p><!-- no --><script>x<y</script>')).toBe(
      '{{name}} & <%body%> <3 é',
    )
  })

  it('takes a time that grows with the length, whatever stands there', () => {
    const hostile = [
      '<a href=x>'.repeat(50_000) + '</a>'.repeat(50_000),
      '<'.repeat(500_000),
      '&'.repeat(500_000),
      '<a '.repeat(200_000),
      '</'.repeat(250_000),
      '<%'.repeat(250_000),
      `${'x '.repeat(250_000)}${' '.repeat(250_000)}`,
    ]
    for (const html of hostile) {
      const began = performance.now()
      textOfHtml(html)
      expect(performance.now() - began).toBeLessThan(2_000)
    }
  })

  it('takes characters that begin no tag as text, at the price of text', () => {
    for (const html of ['<'.repeat(10_000_000), '< '.repeat(5_000_000).trim()]) {
      const before = process.cpuUsage()
      expect(textOfHtml(html)).toBe(html)
      expect(process.cpuUsage(before).user).toBeLessThan(700_000)
    }
    expect(textOfHtml('a <\n\tb <<b>c</b> <3 1 <2<br>d')).toBe('a < b <c <3 1 <2\nd')
  })
})
