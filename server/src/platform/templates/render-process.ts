import { fileURLToPath } from 'node:url'
import { startJobProcess, type JobProcess } from '../job-pool/index.ts'
import type { RenderJob, RenderLimits, RenderResult } from './job.ts'

const ENTRY = fileURLToPath(new URL('./render-entry.ts', import.meta.url))

export function startRenderProcess(limits: RenderLimits): Promise<JobProcess<RenderJob, RenderResult>> {
  return startJobProcess({
    entry: ENTRY,
    argument: limits,
    packages: { liquidjs: 'liquidjs', handlebars: 'handlebars' },
    heapMb: limits.heapMb,
    timeMs: limits.timeMs,
  })
}
