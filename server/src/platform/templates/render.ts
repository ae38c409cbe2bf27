import type { CompiledPart, DialectEngine } from './dialect.ts'
import { editableNames, fillEditable } from './editable.ts'
import { explainVariables } from './explain.ts'
import { createHandlebarsEngine } from './handlebars/engine.ts'
import { MANDRILL_HANDLEBARS } from './handlebars/mandrill.ts'
import { SENDGRID_HANDLEBARS } from './handlebars/sendgrid.ts'
import { createJobClock } from './job-clock.ts'
import { RENDERED_PARTS } from './job.ts'
import type { Dialect, RenderedPart, RenderJob, RenderLimits, RenderProblem, RenderResult } from './job.ts'
import { createLiquidEngine } from './liquid-engine.ts'
import { createMergeTagsEngine } from './merge-tags/engine.ts'
import { problemOf } from './problems.ts'
import { createResendEngine } from './resend.ts'
import { createSendgridLegacyEngine } from './sendgrid-legacy.ts'

/** Above this, mail programs show the message cut short: the best known limit is 102 KiB of HTML. */
const CLIPPED_BYTES = 102 * 1024
/** Nobody reads more at once. */
const PROBLEMS_MAX = 200
const CACHED_SOURCES = 256
const CACHED_CHARS = 8 * 1024 * 1024

function enginesOf(limits: RenderLimits): Readonly<Record<Dialect, DialectEngine>> {
  return {
    liquid: createLiquidEngine(limits),
    'sendgrid-handlebars': createHandlebarsEngine(SENDGRID_HANDLEBARS, limits),
    'sendgrid-legacy': createSendgridLegacyEngine(),
    'mandrill-handlebars': createHandlebarsEngine(MANDRILL_HANDLEBARS, limits),
    'merge-tags': createMergeTagsEngine(limits),
    resend: createResendEngine(),
  }
}

/** Renders jobs, one at a time. */
export function createRender(limits: RenderLimits) {
  const engines = enginesOf(limits)
  const filled = createFillCache((job, part, written) => {
    const engine = engines[job.dialect]
    if (engine.fill !== undefined) return engine.fill(part, written, job.editable)
    return part === 'html' ? fillEditable(written, job.editable) : written
  })
  const compiled = createCompileCache((dialect, part, source) => engines[dialect].compile(part, source))

  return function render(job: RenderJob): RenderResult {
    const clock = createJobClock(limits.timeMs)
    const data = dataOf(job.data)
    const problems: RenderProblem[] = []
    const parsed: { part: RenderedPart; compiled: CompiledPart }[] = []
    const rendered: Record<RenderedPart, string | null> = { subject: null, html: null, text: null }

    for (const part of RENDERED_PARTS) {
      const written = job[part]
      if (written === null || engines[job.dialect].leavesOut?.(part, job) === true) continue
      const source = filled(job, part, written)
      try {
        const readOnce = compiled(job.dialect, part, source)
        parsed.push({ part, compiled: readOnce })
        const text = readOnce.render({ data, strict: job.strict, clock, limits })
        if (part === 'subject') {
          rendered.subject = oneLine(text)
          if (rendered.subject.length > limits.subjectCharsMax) {
            rendered.subject = null
            problems.push(tooLongSubject(limits))
          }
        } else rendered[part] = text
      } catch (error) {
        problems.push(problemOf(error, part, source))
      }
    }
    if (!job.explain) return { ...rendered, problems, variables: [] }
    const explained = explainVariables(
      parsed.map(({ part, compiled: source }) => ({ part, asked: source.asked() })),
      (path) => engines[job.dialect].holds(data, path),
    )
    const found: RenderProblem[] = [
      ...problems,
      // What is an error already is not told a second time.
      ...explained.problems.filter((warning) => !job.strict || !problems.some(isSamePlace(warning))),
      ...parsed.flatMap(({ part, compiled: source }) =>
        source.remarks().map((remark): RenderProblem => ({ part, severity: 'warning', ...remark })),
      ),
      ...unknownRegions(job),
      ...remarksOn(job, rendered),
    ]
    return {
      ...rendered,
      problems: found.slice(0, PROBLEMS_MAX),
      variables: explained.variables,
    }
  }
}

function dataOf(json: string): Readonly<Record<string, unknown>> {
  const data: unknown = JSON.parse(json)
  return typeof data === 'object' && data !== null ? { ...data } : {}
}

/** A header field is one line: whatever breaks one, in the template or in the data, becomes a blank. */
function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}\u2028\u2029]+/gu, ' ').trim()
}

function tooLongSubject(limits: RenderLimits): RenderProblem {
  return {
    part: 'subject',
    severity: 'error',
    code: 'output_limit',
    message: `The subject is longer than ${limits.subjectCharsMax.toLocaleString('en')} characters.`,
    line: null,
    column: null,
  }
}

function isSamePlace(warning: RenderProblem): (problem: RenderProblem) => boolean {
  return ({ part, line, column }) =>
    part === warning.part && line === warning.line && column === warning.column
}

function unknownRegions(job: RenderJob): RenderProblem[] {
  if (job.dialect === 'sendgrid-legacy' || job.html === null || job.editable.length === 0) return []
  const names = new Set(editableNames(job.html))
  return job.editable
    .filter(({ name }) => !names.has(name))
    .map(({ name }) => remark('html', 'suspicious', `No element carries mc:edit="${name}".`))
}

function remark(part: RenderedPart, code: RenderProblem['code'], message: string): RenderProblem {
  return { part, severity: 'warning', code, message, line: null, column: null }
}

function remarksOn(job: RenderJob, rendered: Readonly<Record<RenderedPart, string | null>>): RenderProblem[] {
  const found: RenderProblem[] = []
  if (rendered.subject === '') found.push(remark('subject', 'empty_subject', 'The subject is empty.'))
  if (job.html !== null && job.text === null)
    found.push(
      remark('text', 'no_text', 'There is no text part, for readers without HTML and for filters of spam.'),
    )
  if (rendered.html !== null && Buffer.byteLength(rendered.html) > CLIPPED_BYTES)
    found.push(
      remark(
        'html',
        'message_clipped',
        'The HTML is larger than 102 KiB; some mail programs show only its beginning.',
      ),
    )
  return found
}

const CACHED_FILLS = 8

/** Keeps what was filled last: the mail to many recipients has the same words of its author. */
function createFillCache(work: (job: RenderJob, part: RenderedPart, written: string) => string) {
  const kept = new Map<string, string>()
  return (job: RenderJob, part: RenderedPart, written: string): string => {
    if (job.editable.length === 0) return written
    const key = JSON.stringify([job.dialect, part, job.editable, written])
    const known = kept.get(key)
    if (known !== undefined) return known
    const text = work(job, part, written)
    kept.set(key, text)
    for (const oldest of kept.keys()) {
      if (kept.size <= CACHED_FILLS) break
      kept.delete(oldest)
    }
    return text
  }
}

/** Keeps what was compiled last: a template is sent many times. Bounded in entries and in characters. */
function createCompileCache(work: (dialect: Dialect, part: RenderedPart, source: string) => CompiledPart) {
  const kept = new Map<string, CompiledPart>()
  let chars = 0
  return (dialect: Dialect, part: RenderedPart, source: string): CompiledPart => {
    const key = `${dialect} ${part} ${source}`
    const known = kept.get(key)
    if (known !== undefined) {
      kept.delete(key)
      kept.set(key, known)
      return known
    }
    const compiled = work(dialect, part, source)
    kept.set(key, compiled)
    chars += key.length
    for (const oldest of kept.keys()) {
      if (kept.size <= CACHED_SOURCES && chars <= CACHED_CHARS) break
      if (oldest === key) break
      kept.delete(oldest)
      chars -= oldest.length
    }
    return compiled
  }
}
