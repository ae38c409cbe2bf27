import { createJobPool, type Stopped } from '../job-pool/index.ts'
import type { Logger } from '../telemetry/index.ts'
import { RENDERED_PARTS } from './job.ts'
import type { RenderJob, RenderLimits, RenderProblem, RenderResult } from './job.ts'
import { startRenderProcess } from './render-process.ts'
import { createSharedTexts } from './shared-texts.ts'

export interface TemplateRenderer extends AsyncDisposable {
  /**
   * Renders one job for an owner, such as a workspace. A template that fails, takes too long or needs too much is a result with problems;
   * `busy`: too much waits already, and the same job may be rendered later.
   */
  render(owner: string, job: RenderJob): Promise<RenderResult | 'busy'>
}

export interface RendererOptions {
  /** At least 2, so that there is one for others when an owner's template takes its time. */
  readonly processes: number
  readonly limits: RenderLimits
  readonly log: Logger
  readonly nowMs: () => number
}

/** Rendering in a pool of processes; sources that wait for many recipients are held once. */
export function createTemplateRenderer(options: RendererOptions): TemplateRenderer {
  const texts = createSharedTexts()
  const pool = createJobPool<RenderJob, RenderResult>({
    start: () => startRenderProcess(options.limits),
    processes: options.processes,
    isSlow: ({ problems }) => problems.some(({ code }) => code === 'time_limit'),
    bounds: { charsMax: 256 * 1024 * 1024, charsOfOneMax: 64 * 1024 * 1024 },
    does: 'renders templates',
    log: options.log,
    nowMs: options.nowMs,
  })
  return {
    async render(owner, job) {
      const { job: shared, chars } = texts.take(job)
      try {
        const result = await pool.run(owner, shared, chars)
        if (result === 'busy' || !('stoppedBy' in result)) return result
        return stoppedResult(result.stoppedBy, shared, options.limits)
      } finally {
        texts.giveBack(shared)
      }
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}

function stoppedResult(by: Stopped['stoppedBy'], job: RenderJob, limits: RenderLimits): RenderResult {
  const why: Readonly<Record<typeof by, Pick<RenderProblem, 'code' | 'message'>>> = {
    time: { code: 'time_limit', message: `Rendering takes longer than ${limits.timeMs} ms.` },
    memory: { code: 'memory_limit', message: 'Rendering needs too much memory.' },
    fault: { code: 'failed', message: 'Rendering failed.' },
  }
  // Where it was is not known any more; the longest part is what most likely did it.
  const part = RENDERED_PARTS.toSorted(
    (left, right) => (job[right]?.length ?? -1) - (job[left]?.length ?? -1),
  )[0]
  return {
    subject: null,
    html: null,
    text: null,
    problems: [{ part: part ?? 'html', severity: 'error', ...why[by], line: null, column: null }],
    variables: [],
  }
}
