import { describe, expect, it } from 'vitest'
import { mergeExpositions } from './exposition.ts'

const text = (...lines: string[]): string => `${lines.join('\n')}\n`

describe('the metrics of several processes', () => {
  it('become one text, with the families together and each sample under its process', () => {
    const merged = mergeExpositions([
      {
        process: 'a',
        text: text('# HELP x X.', '# TYPE x histogram', 'x_bucket{le="1"} 1', 'x_sum 2', 'x_count 1', 'y 4'),
      },
      { process: 'b', text: text('# HELP x X.', '# TYPE x histogram', 'x_bucket{le="1"} 3', 'x_count 3') },
    ])
    expect(merged).toBe(
      text(
        '# HELP x X.',
        '# TYPE x histogram',
        'x_bucket{process="a",le="1"} 1',
        'x_sum{process="a"} 2',
        'x_count{process="a"} 1',
        'x_bucket{process="b",le="1"} 3',
        'x_count{process="b"} 3',
        '',
        '# HELP y ',
        '# TYPE y untyped',
        'y{process="a"} 4',
      ),
    )
  })

  it('are only what has the form of a sample, and nobody speaks for another process', () => {
    const merged = mergeExpositions([
      {
        process: 'sender',
        text: text(
          'good 1',
          'forged{process="api"} 1',
          'forged{a="b",process="api"} 1',
          'no value',
          'x{a="b} 1',
          'x{a="b"} 1 extra',
          '<html>',
          'ok{a="b\\"c"} +Inf',
          'x'.repeat(100_000),
        ),
      },
    ])
    const samples = merged.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    expect(samples).toEqual(['good{process="sender"} 1', 'ok{process="sender",a="b\\"c"} +Inf'])
  })

  it('stay readable in bounded time, however hostile a line is', () => {
    const hostile = [
      `x{${'a="b",'.repeat(20_000)}`,
      `x{a="${'\\'.repeat(100_001)}`,
      `x{${'a="'.repeat(50_000)}`,
    ]
    const began = performance.now()
    mergeExpositions([{ process: 'p', text: text(...hostile) }])
    expect(performance.now() - began).toBeLessThan(2_000)
  })
})
