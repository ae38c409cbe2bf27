import { describe, expect, it } from 'vitest'
import { withInlineStyles as inlined } from './inline.ts'
import { INLINE_LIMITS } from './limits.ts'

const withInlineStyles = (html: string) => inlined(html, INLINE_LIMITS)

describe('styles that are written into elements', () => {
  it('keep what stands there already, rules for some screens, and comments for one program', () => {
    const html =
      '<html><head><style>p{color:red} @media print{p{color:blue}}</style></head><body><p style="margin:0">x &amp; y</p><!--[if mso]><b>m</b><![endif]--></body></html>'
    const made = withInlineStyles(html)
    expect(made).toContain('<p style="color: red;margin: 0">x &amp; y</p>')
    expect(made).toContain('@media print{p{color:blue}}')
    expect(made).toContain('<!--[if mso]><b>m</b><![endif]-->')
  })

  it('are none where nothing is said, and nothing is fetched', () => {
    expect(withInlineStyles('<p>x</p>')).toBe('<p>x</p>')
    const linked =
      '<html><head><link rel="stylesheet" href="file:///etc/hostname"><style>i{top:0}</style></head><body></body></html>'
    expect(withInlineStyles(linked)).toBe(linked)
  })

  it.each([
    ['too deep', `<style>p{top:0}</style>${'<div>'.repeat(20_000)}`],
    [
      'too deep behind end tags that end nothing',
      `<style>p{top:0}</style>${'<div><table><td></div></td></table>'.repeat(5_000)}`,
    ],
    [
      'too deep behind comments',
      `<style>p{top:0}</style>${'<div><!-- </div> --><![CDATA[</div>'.repeat(5_000)}`,
    ],
    ['too deep behind attributes', `<style>p{top:0}</style>${'<div title="</div>">'.repeat(5_000)}`],
    [
      'too deep behind what is a comment to some',
      `<style>p{top:0}</style><style><!--</style>${'<div>'.repeat(12_000)}<style>--></style>`,
    ],
    [
      'too deep behind a quote that is none',
      `<style>p{top:0}</style><p a=b=">${'<div>'.repeat(12_000)}<p a="">`,
    ],
    ['too much by its selectors', `<style>${'p,'.repeat(60_000)}p{top:0}</style>${'<p>x</p>'.repeat(2_900)}`],
    [
      'too much by its declarations',
      `<style>p{${'top:0;'.repeat(20_000)}}</style>${'<p>x</p>'.repeat(2_900)}`,
    ],
    ['too much by one value', `<style>p{top:${'x'.repeat(200_000)}}</style>${'<p>x</p>'.repeat(2_900)}`],
    [
      'too much by elements that are begun anew in each block',
      `<style>${'b,'.repeat(100)}b{top:0}</style><div>${Array.from({ length: 300 }, (_, at) => `<b a=${at}>`).join('')}</div>${'<p>x</p>'.repeat(1_600)}`,
    ],
    ['too long', `<style>p{top:0}</style>${'x'.repeat(300_000)}`],
    ['too much', `<style>${'p{top:0}'.repeat(3_000)}</style>${'<p>x</p>'.repeat(3_000)}`],
  ])('leave alone what is %s', (_what, html) => {
    expect(withInlineStyles(html)).toBe(html)
  })
})
