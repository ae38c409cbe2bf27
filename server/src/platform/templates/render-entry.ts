// The entry of a process that renders: jobs come in batches of one owner, each is answered by its result. It has no settings of the product and
// may read its own code only; whatever a job does, only this process ends.
import type { JobAnswer } from '../job-pool/index.ts'
import { workedMs } from './job-clock.ts'
import { DIALECTS } from './job.ts'
import type { Dialect, RenderJob, RenderLimits, RenderResult } from './job.ts'
import { createRender } from './render.ts'

const limits: RenderLimits = JSON.parse(process.argv[2] ?? '')
const render = createRender(limits)

// The first render pays for compiling the engines; no message should.
const WARM: Readonly<Record<Dialect, string>> = {
  liquid: '{% for x in list %}{{ x.y | upcase }}{{ a | default: "b" }}{% endfor %}',
  'sendgrid-handlebars': '{{#each list}}{{#if this.y}}{{this.y}}{{/if}}{{/each}}',
  'sendgrid-legacy': '-name-',
  'mandrill-handlebars': '{{#list}}{{#if `y > 1`}}{{upper y}}{{/if}}{{/list}}',
  'merge-tags': '*|IF:A > 1|**|UPPER:A|**|END:IF|*',
  resend: '{{{A|b}}}',
}
for (const dialect of DIALECTS) {
  render({
    dialect,
    subject: 'x',
    html: WARM[dialect],
    text: null,
    data: '{"list":[{"y":1}],"A":2,"substitutions":{"-name-":"x"}}',
    editable: [{ name: 'x', content: '' }],
    strict: false,
    explain: true,
  })
}

// Whoever started it is gone, however that came about.
process.on('disconnect', () => process.exit())
process.on('message', (jobs: readonly RenderJob[]) => {
  const endsAtMs = workedMs() + limits.turnMs
  for (const [at, job] of jobs.entries()) {
    const result = render(job)
    answer(result)
    const isOver = workedMs() >= endsAtMs || result.problems.some(({ code }) => code === 'time_limit')
    if (!isOver) continue
    // Whose templates take long waits for another turn with the rest.
    // By its place: the same job may stand there twice, and a copy of a batch keeps that.
    if (at < jobs.length - 1) answer(null)
    return
  }
})

function answer(result: RenderResult | null): void {
  const told: JobAnswer<RenderResult> = { result, workedMs: workedMs() }
  process.send?.(told)
}

answer(null)
