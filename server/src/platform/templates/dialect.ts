import type { JobClock } from './job-clock.ts'
import type { Editable, RenderedPart, RenderJob, RenderLimits, RenderProblem } from './job.ts'

/** How a part is printed: in HTML what the data holds is escaped as the dialect escapes it. */
export type PartKind = 'html' | 'plain'

/** A variable that a source asks of the data, at one place of it. */
export interface Asked {
  readonly name: string
  readonly path: readonly (string | number)[]
  readonly line: number
  readonly column: number
  /** Missing is meant to be possible here: a condition, or what has a default. */
  readonly isExcused: boolean
}

/** What looks wrong in a source though it can be rendered. */
export type Remark = Pick<RenderProblem, 'code' | 'message' | 'line' | 'column'>

export interface RenderRun {
  readonly data: Readonly<Record<string, unknown>>
  readonly strict: boolean
  readonly clock: JobClock
  readonly limits: RenderLimits
}

/** A source that was read once and is filled many times. */
export interface CompiledPart {
  /** Throws where the part cannot be rendered. */
  render(run: RenderRun): string
  asked(): readonly Asked[]
  remarks(): readonly Remark[]
}

/** A language of templates. */
export interface DialectEngine {
  /** Throws SourceError and errors of the engine where the source is wrong. */
  compile(part: RenderedPart, source: string): CompiledPart
  /** A source with what the author puts into its places; without it, regions of HTML are filled that carry mc:edit. */
  fill?(part: RenderedPart, source: string, editable: readonly Editable[]): string
  /** Whether what the author says leaves a part out of the message. */
  leavesOut?(part: RenderedPart, job: Pick<RenderJob, 'text' | 'editable'>): boolean
  /** Whether the data holds what is asked for. */
  holds(data: unknown, path: readonly (string | number)[]): boolean
}

export function kindOf(part: RenderedPart): PartKind {
  return part === 'html' ? 'html' : 'plain'
}
