import { afterAll, describe, expect, it, vi } from 'vitest'
import { createLogger } from '../telemetry/index.ts'
import { DIALECTS, RENDER_LIMITS } from './job.ts'
import type { Dialect, RenderJob, RenderResult } from './job.ts'
import { createTemplateRenderer } from './renderer.ts'
import type { TemplateRenderer } from './renderer.ts'

// What counts is work: on a busy machine more time passes.
vi.setConfig({ testTimeout: 120_000 })

const log = createLogger({ name: 'renderer', level: 'error' })
const made: TemplateRenderer[] = []

function renderer(over: Partial<typeof RENDER_LIMITS> = {}): TemplateRenderer {
  const one = createTemplateRenderer({
    processes: 2,
    limits: { ...RENDER_LIMITS, ...over },
    log,
    nowMs: Date.now,
  })
  made.push(one)
  return one
}
afterAll(() => Promise.all(made.map((one) => one[Symbol.asyncDispose]())))

const job = (html: string, data: unknown = {}): RenderJob => ({
  dialect: 'liquid',
  subject: 's',
  html,
  text: null,
  data: JSON.stringify(data),
  editable: [],
  strict: false,
  explain: false,
})
const codesOf = (result: RenderResult | 'busy' | undefined): string[] =>
  result === undefined || result === 'busy' ? ['busy'] : result.problems.map(({ code }) => code)
const htmlOf = (result: RenderResult | 'busy'): string | null => (result === 'busy' ? 'busy' : result.html)

// One filter over one long text: the engine looks at its clock before and after it only.
const ONE_LONG_FILTER = `{{ n | ${Array.from({ length: 3_000 }, () => 'split: "" | join: ""').join(' | ')} | size }}`

describe('the renderer', () => {
  it('renders for many at once, each its own', async () => {
    const one = renderer()
    const all = await Promise.all(
      Array.from({ length: 200 }, (_, number) =>
        one.render(`owner ${number % 7}`, job('<p>{{ n }}</p>', { n: number })),
      ),
    )
    expect(all.map(htmlOf)).toEqual(Array.from({ length: 200 }, (_, number) => `<p>${number}</p>`))
  })

  it('renders every dialect in its processes, which read no file but their own code', async () => {
    const one = renderer()
    const sources: Readonly<Record<Dialect, string>> = {
      liquid: '{{ n }}',
      'sendgrid-handlebars': '{{#each l}}{{this}}{{/each}}{{n}}',
      'sendgrid-legacy': 'n',
      'mandrill-handlebars': '{{#if `n > 1`}}{{n}}{{/if}}',
      'merge-tags': '*|N|*',
      resend: '{{{n}}}',
    }
    const data = { n: 7, l: [], substitutions: { n: '7' } }
    for (const dialect of DIALECTS) {
      const result = await one.render('a', { ...job(sources[dialect], data), dialect })
      expect(result, dialect).toMatchObject({ html: '7', problems: [] })
    }
  })

  it('ends the process of a bomb in any dialect, and tells only who asked', async () => {
    const one = renderer({ timeMs: 300 })
    await one.render('good', job('x'))
    const bombs: readonly RenderJob[] = [
      { ...job('{{a}}'.repeat(200_000)), dialect: 'sendgrid-handlebars' },
      {
        ...job('{{#l}}{{#@root.l}}{{#@root.l}}{{#@root.l}}{{/@root.l}}{{/@root.l}}{{/@root.l}}{{/l}}', {
          l: Array.from({ length: 5_000 }, () => 1),
        }),
        dialect: 'mandrill-handlebars',
      },
      { ...job('<a "'.repeat(60_000)), dialect: 'merge-tags', editable: [{ name: 'x', content: '' }] },
    ]
    const outcomes = await Promise.all([
      ...bombs.map((bomb) => one.render('evil', bomb)),
      ...bombs.map((_, number) => one.render('good', job('{{ n }}', { n: number }))),
    ])
    const [first, second, , ...good] = outcomes
    for (const bomb of [first, second]) expect(codesOf(bomb)).toEqual(['time_limit'])
    expect(good.map((result) => htmlOf(result))).toEqual(['0', '1', '2'])
  })

  it('ends a process that is past its time, tells only who asked, and goes on', async () => {
    const one = renderer({ memoryUnitsMax: 1e12, timeMs: 300 })
    await one.render('good', job('x'))
    const [bomb, good] = await Promise.all([
      one.render('evil', job(ONE_LONG_FILTER, { n: 'ab'.repeat(100_000) })),
      one.render('good', job('{{ a }}', { a: 1 })),
    ])
    expect(bomb).toMatchObject({
      subject: null,
      html: null,
      problems: [{ part: 'html', severity: 'error', code: 'time_limit' }],
    })
    expect(htmlOf(good)).toBe('1')
    expect(htmlOf(await one.render('evil', job('{{ a }}', { a: 2 })))).toBe('2')
  })

  it('outlives a template that fills the memory of its process', async () => {
    const one = renderer({ memoryUnitsMax: 1e15, timeMs: 20_000, heapMb: 32 })
    const fill = '{% assign x = n | replace: "a", n %}{% assign y = x | upcase | downcase %}{{ y | size }}'
    const bomb = await one.render('evil', job(fill, { n: 'a'.repeat(12_000) }))
    expect(bomb).toMatchObject({ html: null, problems: [{ code: 'memory_limit' }] })
    expect(htmlOf(await one.render('evil', job('still here')))).toBe('still here')
  })

  it('has a process for others while one owner keeps it busy', async () => {
    const one = renderer({ memoryUnitsMax: 1e12, timeMs: 20_000 })
    await Promise.all([one.render('a', job('x')), one.render('b', job('x'))])
    let bombsDone = 0
    const slow = '{% for a in (1..9999999) %}{% assign b = a | append: a %}{% endfor %}'
    const bombs = Array.from({ length: 2 }, () =>
      one.render('evil', job(slow)).then(() => {
        bombsDone += 1
      }),
    )
    expect(htmlOf(await one.render('good', job('through')))).toBe('through')
    expect(bombsDone).toBe(0)
    await one[Symbol.asyncDispose]()
    await Promise.all(bombs)
  })

  it('gives a turn for work and not for jobs: owners whose jobs are slow, but not too slow, keep nobody waiting for long', async () => {
    const one = renderer({ memoryUnitsMax: 1e12, timeMs: 20_000, turnMs: 20 })
    await Promise.all([one.render('a', job('x')), one.render('b', job('x'))])
    let slowDone = 0
    const slow = job('{% for a in (1..12000) %}{% assign b = a | append: a %}{% endfor %}')
    const answers = Array.from({ length: 60 }, (_, number) =>
      one.render(`slow ${number % 6}`, slow).then(() => {
        slowDone += 1
      }),
    )
    expect(htmlOf(await one.render('good', job('through')))).toBe('through')
    expect(slowDone).toBeGreaterThan(0)
    expect(slowDone).toBeLessThan(30)
    await one[Symbol.asyncDispose]()
    await Promise.all(answers)
  })

  it('answers those who wait when it ends, and takes nothing more', async () => {
    const one = renderer()
    const waiting = one.render('late', job('x'))
    await one[Symbol.asyncDispose]()
    expect(['busy', expect.objectContaining({ subject: expect.anything() })]).toContainEqual(await waiting)
    expect(await one.render('later', job('x'))).toBe('busy')
  })
})
