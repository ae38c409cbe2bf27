import type { z } from 'zod'
import { Fault, invalidField } from '../../kernel/faults.ts'
import type { FieldProblem } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { createSharedReads } from '../../kernel/shared-reads.ts'
import type { TenantTransactions } from '../../platform/postgres/tenant.ts'
import type {
  Dialect,
  Editable,
  RenderJob,
  RenderProblem,
  RenderResult,
  TemplateRenderer,
} from '../../platform/templates/index.ts'
import { createContentCache } from './content-cache.ts'
import { withVariables } from './declared-variables.ts'
import { keyOf, requireTemplate, requireVersion, type Reader } from './template-access.ts'
import { dataText, openVersion, type Content, type Keyring } from './template-content.ts'
import type { DeclaredVariable, Fill, Preview, TemplateFrom, TemplateUse } from './template.ts'
import { findSendable, findVersion } from './versions-store.ts'
import type { SendableRow } from './versions-store.ts'

/** What a message says that was rendered. */
export interface RenderedParts {
  /** Who it is from, where the name is written in the language too. */
  readonly fromName?: string
  readonly subject: string
  readonly html?: string
  readonly text?: string
}

/** What a message says that was rendered from a template. */
export interface RenderedTemplate extends RenderedParts {
  /** UUID of the template, its alias where it has one, and the number of the version. */
  readonly template: { readonly id: string; readonly alias?: string; readonly version: number }
  /** Whom it is from where the message does not say. */
  readonly from?: TemplateFrom
  /** Where answers go where the message does not say. */
  readonly replyTo?: readonly string[]
}

export interface RenderingDependencies {
  readonly keyring: Keyring
  readonly transactions: Pick<TenantTransactions, 'read'>
  readonly renderer: Pick<TemplateRenderer, 'render'>
  readonly nowMs: () => number
}

interface PreviewRequest {
  readonly templateId?: string | undefined
  readonly version?: number | undefined
  readonly dialect: Dialect
  readonly subject?: string | undefined
  readonly html?: string | null | undefined
  readonly text?: string | null | undefined
  readonly data?: Readonly<Record<string, unknown>> | undefined
  readonly strict: boolean
  readonly editable?: readonly Editable[] | undefined
  readonly variables?: readonly DeclaredVariable[] | undefined
}

/** What a message says in a dialect that brings its own source. */
export interface Fillable {
  readonly fromName?: string | undefined
  readonly subject: string
  readonly html?: string | undefined
  readonly text?: string | undefined
  readonly fill: Fill
}

export interface Rendering {
  preview(caller: Reader, request: PreviewRequest): Promise<z.output<typeof Preview>>
  /**
   * Renders what a message asks for, from a published version. Throws `invalid_request` where there is none, `template_failed` where it cannot
   * be rendered with the data, and `too_many_requests` where too much waits already. `fromName`: how the message itself names its sender.
   */
  render(
    workspaceId: string,
    use: TemplateUse,
    fromName?: { readonly own: string | undefined },
  ): Promise<RenderedTemplate>
  /** Fills the parts that a message itself says. Throws `template_failed` and `too_many_requests` as `render`. */
  fill(workspaceId: string, message: Fillable): Promise<RenderedParts>
}

/** Rendering: the same renderer for previews and for messages, so that both say the same. */
export function createRendering(deps: RenderingDependencies): Rendering {
  const { keyring, renderer } = deps
  const lookUp = createSharedReads<SendableRow | undefined>()
  const loadOnce = createSharedReads<Content>()
  const cache = createContentCache(deps.nowMs)

  async function sendable(workspaceId: string, use: TemplateUse) {
    const number = use.version ?? null
    const row = await lookUp(`${workspaceId} ${use.id} ${number ?? ''}`, () =>
      deps.transactions.read(workspaceId, (db) => findSendable(db, workspaceId, keyOf(use.id), number)),
    )
    if (row === undefined)
      throw invalidField(
        'template.id',
        'names no template of this workspace',
        'Give the id or the alias of a template.',
      )
    if (row.version_id === null || row.number === null) {
      if (number !== null)
        throw invalidField('template.version', `is no version of this template: it has no ${number}`)
      throw invalidField('template.id', 'has no published version yet', 'Publish one.')
    }
    if (row.published_at === null)
      throw invalidField(
        'template.version',
        `is a draft: version ${row.number} was never published`,
        'Publish it.',
      )
    return {
      templateId: row.template_id,
      alias: row.alias,
      versionId: row.version_id,
      number: row.number,
    }
  }

  /** Published content never changes, so that it is kept for as long as keys to it may be. */
  async function contentFor(workspaceId: string, templateId: string, versionId: string, number: number) {
    const known = cache.get(versionId)
    if (known !== undefined) return known
    return loadOnce(`${workspaceId} ${versionId}`, async () => {
      const row = await deps.transactions.read(workspaceId, (db) =>
        findVersion(db, workspaceId, templateId, number),
      )
      if (row === undefined) throw invalidField('template.id', 'was erased a moment ago')
      const content = await openVersion(keyring, workspaceId, row, 'templates.render')
      cache.set(versionId, content)
      return content
    })
  }

  /** The name of the sender, which is a part of its own for its engine. */
  async function senderOf(workspaceId: string, job: RenderJob, name: string | undefined) {
    if (name === undefined || !FILLS_SENDERS.has(job.dialect) || !/\*\||\{\{/.test(name)) return {}
    const { subject, problems } = await rendered(renderer, workspaceId, {
      ...job,
      subject: name,
      html: null,
      text: null,
      editable: [],
    })
    const wrong = problems.find(({ severity }) => severity === 'error')
    if (wrong === undefined && subject !== null) return { fromName: subject }
    const problem = wrong?.message ?? 'It could not be rendered.'
    throw new Fault('template_failed', {
      detail: `The name of the sender could not be rendered: ${problem}`,
      fields: [{ field: 'from.name', problem }],
    })
  }

  return {
    async preview(caller, request) {
      const { content, templateId, version, ...given } = await contentToPreview(caller, request)
      const { data, problems: wrong } = withVariables(given.data, content.variables)
      const result = await rendered(renderer, caller.workspaceId, {
        ...jobOf(content, dataText('data', data), request.editable),
        strict: request.strict,
        explain: true,
      })
      const problems = [...wrong, ...result.problems]
      return {
        ok: !problems.some(({ severity }) => severity === 'error'),
        subject: result.subject,
        html: result.html,
        text: result.text,
        sizes: { subject: bytesOf(result.subject), html: bytesOf(result.html), text: bytesOf(result.text) },
        problems: problems.map((problem) => ({ ...problem })),
        variables: result.variables.map((variable) => ({ ...variable, parts: [...variable.parts] })),
        templateId,
        version,
      }
    },

    async render(workspaceId, use, fromName) {
      dataText('template.data', use.data ?? {})
      const { templateId, alias, versionId, number } = await sendable(workspaceId, use)
      const content = await contentFor(workspaceId, templateId, versionId, number)
      const { data, problems } = withVariables(use.data ?? {}, content.variables)
      const job = {
        ...jobOf(asUsed(content, use), dataText('template.data', data), use.editable),
        strict: use.strict ?? false,
      }
      const result = await rendered(renderer, workspaceId, job)
      const whole = { ...result, problems: [...problems, ...result.problems] }
      const parts = partsOf(whole, `The template ${use.id} (version ${number})`, 'template.')
      const from = content.from === null ? {} : { from: content.from }
      const sender = await senderOf(workspaceId, job, (fromName ?? { own: content.from?.name }).own)
      const template = { id: templateId, ...(alias === null ? {} : { alias }), version: number }
      return { ...parts, ...from, ...sender, replyTo: content.replyTo, template }
    },

    async fill(workspaceId, { fill, fromName, subject, html, text }) {
      const { dialect, data, strict, editable } = fill
      const content = { dialect, subject, html: html ?? null, text: text ?? null }
      const job = {
        ...jobOf(content, dataText('fill.data', data ?? {}), editable),
        strict: strict ?? false,
      }
      const parts = partsOf(await rendered(renderer, workspaceId, job), 'The message', '')
      return { ...parts, ...(await senderOf(workspaceId, job, fromName)) }
    },
  }

  async function contentToPreview(caller: Reader, request: PreviewRequest) {
    const { templateId: reference, subject, html, text, dialect } = request
    const given = [subject, html, text].some((part) => part !== undefined)
    if (reference === undefined) {
      if (!given) throw invalidField('templateId', 'is missing, and so is what is to be rendered')
      if (request.version !== undefined) throw invalidField('version', 'is given without templateId')
      const content = {
        dialect,
        subject: subject ?? '',
        html: html ?? null,
        text: text ?? null,
        variables: request.variables ?? [],
      }
      return { content, data: request.data ?? {}, templateId: null, version: null }
    }
    if (given) throw invalidField('templateId', 'stands beside what is to be rendered; leave one of them out')
    const { workspaceId } = caller
    const { template, row } = await caller.read(async (db) => {
      const found = await requireTemplate(db, workspaceId, reference)
      const number = request.version ?? found.active ?? found.newest
      return { template: found, row: await requireVersion(db, workspaceId, found, number) }
    })
    const content = await openVersion(keyring, workspaceId, row, 'templates.preview')
    const data = request.data ?? content.sampleData
    return { content, data, templateId: encodeId('template', template.id), version: row.number }
  }
}

/** Mandrill fills the names of senders. In other languages they are as they are written. */
const FILLS_SENDERS: ReadonlySet<Dialect> = new Set(['merge-tags', 'mandrill-handlebars'])

function bytesOf(part: string | null): number {
  return part === null ? 0 : Buffer.byteLength(part)
}

type Parts = Pick<Content, 'dialect' | 'subject' | 'html' | 'text'>

/** A version with what a message says in its place. */
function asUsed({ dialect, subject, html, text }: Parts, use: TemplateUse): Parts {
  return {
    dialect: use.dialect ?? dialect,
    subject: use.subject ?? subject,
    html,
    text: use.text ?? text,
  }
}

function jobOf(
  { dialect, subject, html, text }: Parts,
  data: string,
  editable: readonly Editable[] = [],
): RenderJob {
  return { dialect, subject, html, text, data, editable, strict: false, explain: false }
}

/** What was rendered. Throws `template_failed` where a part could not be. */
function partsOf(result: RenderResult, what: string, prefix: string): RenderedParts {
  const errors = result.problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0 || result.subject === null)
    throw failed(`${what} could not be rendered`, errors, prefix)
  return {
    subject: result.subject,
    ...(result.html === null ? {} : { html: result.html }),
    ...(result.text === null ? {} : { text: result.text }),
  }
}

async function rendered(
  renderer: Pick<TemplateRenderer, 'render'>,
  workspaceId: string,
  job: RenderJob,
): Promise<RenderResult> {
  const result = await renderer.render(workspaceId, job)
  if (result !== 'busy') return result
  throw new Fault('too_many_requests', {
    detail: 'More templates wait to be rendered than fit in the line. Try again in a moment.',
    retryAfterSeconds: 1,
  })
}

/** What no data can mend. Other errors may come of sample data that is not there. */
const NEVER_RENDERS: ReadonlySet<RenderProblem['code']> = new Set([
  'syntax',
  'unknown_tag',
  'unknown_filter',
  'unknown_helper',
  'unsupported',
  'time_limit',
  'memory_limit',
  'output_limit',
])

/** Throws `template_failed` for a version that could not be sent whatever the data. */
export async function requireRenderable(
  renderer: Pick<TemplateRenderer, 'render'>,
  workspaceId: string,
  content: Content,
  of: { readonly template: { readonly name: string }; readonly number: number },
): Promise<void> {
  const { data } = withVariables(content.sampleData, content.variables)
  const job = jobOf(content, dataText('sampleData', data))
  const { problems } = await rendered(renderer, workspaceId, job)
  const errors = problems.filter(({ code, severity }) => severity === 'error' && NEVER_RENDERS.has(code))
  if (errors.length > 0)
    throw failed(`Version ${of.number} of ${of.template.name} cannot be published`, errors, '')
}

function failed(what: string, errors: readonly RenderProblem[], prefix: string): Fault {
  const fields = errors.map(({ part, message, line, column }): FieldProblem => {
    const place = line === null || column === null ? {} : { line, column }
    return { field: `${prefix}${part}`, problem: message, ...place }
  })
  const [first] = errors
  const place = first?.line == null ? '' : `, line ${first.line}, column ${first.column}`
  return new Fault('template_failed', {
    detail: first === undefined ? `${what}.` : `${what}: ${first.part}${place}: ${first.message}`,
    fields,
  })
}
