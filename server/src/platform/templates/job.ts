/** What is rendered, and what comes of it: the words between the renderer and its processes. */
export const RENDERED_PARTS = ['subject', 'html', 'text'] as const
export type RenderedPart = (typeof RENDERED_PARTS)[number]

/** The languages in which a template may be written. A migration adds each to the check of template_version. */
export const DIALECTS = [
  'liquid',
  'sendgrid-handlebars',
  'sendgrid-legacy',
  'mandrill-handlebars',
  'merge-tags',
  'resend',
] as const
export type Dialect = (typeof DIALECTS)[number]

/** What fills a region of HTML that carries mc:edit with this name. */
export interface Editable {
  readonly name: string
  readonly content: string
}

export interface RenderJob {
  readonly dialect: Dialect
  readonly subject: string
  readonly html: string | null
  readonly text: string | null
  /** An object as JSON: a process takes text faster than a copied tree, and nothing in it can be anything but data. */
  readonly data: string
  readonly editable: readonly Editable[]
  /** What the data does not hold is an error. */
  readonly strict: boolean
  /** Tell also which variables are asked for and what looks wrong; costs about as much as rendering. */
  readonly explain: boolean
}

export interface RenderProblem {
  readonly part: RenderedPart
  readonly severity: 'error' | 'warning'
  readonly code:
    | 'syntax'
    | 'unknown_tag'
    | 'unknown_filter'
    | 'unknown_helper'
    /** The dialect's own engine would print something else than what stands there means. */
    | 'unsupported'
    | 'suspicious'
    | 'wrong_type'
    | 'missing_variable'
    | 'time_limit'
    | 'memory_limit'
    | 'output_limit'
    | 'failed'
    | 'unquoted_attribute'
    | 'message_clipped'
    | 'no_text'
    | 'empty_subject'
  readonly message: string
  /** In the source of the part, from 1. */
  readonly line: number | null
  readonly column: number | null
}

export interface RenderVariable {
  /** `order.items`. */
  readonly name: string
  readonly parts: readonly RenderedPart[]
  readonly isMissing: boolean
}

/** A part is null where there is none, or where it could not be rendered; then a problem says why. */
export interface RenderResult {
  readonly subject: string | null
  readonly html: string | null
  readonly text: string | null
  readonly problems: readonly RenderProblem[]
  /** Empty unless asked to explain. */
  readonly variables: readonly RenderVariable[]
}

export interface RenderLimits {
  /** What all parts of one job together may work. */
  readonly timeMs: number
  /** What jobs of one owner may work in a turn; the one that passes it is the last. Counting jobs, a few with slow templates would keep all others waiting. */
  readonly turnMs: number
  /** Of each part. */
  readonly outputCharsMax: number
  readonly subjectCharsMax: number
  /** What one part may make in memory, in characters and entries of lists. */
  readonly memoryUnitsMax: number
  /** Of tags within tags. */
  readonly nestingMax: number
  /** Of each process; one that needs more ends. */
  readonly heapMb: number
}

export const RENDER_LIMITS: RenderLimits = {
  timeMs: 500,
  turnMs: 250,
  outputCharsMax: 4 * 1024 * 1024,
  subjectCharsMax: 2_000,
  memoryUnitsMax: 4 * 1024 * 1024,
  nestingMax: 64,
  heapMb: 256,
}
