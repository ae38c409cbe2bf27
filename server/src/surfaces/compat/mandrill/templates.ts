import { Fault } from '../../../kernel/faults.ts'
import {
  createTemplate,
  createVersion,
  deleteTemplate,
  getTemplate,
  getVersion,
  listTemplates,
  previewTemplate,
  publishVersion,
  updateVersion,
} from '../../../modules/templates/index.ts'
import type { Templates } from '../../../modules/templates/index.ts'
import { fillEditable } from '../../../platform/templates/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorCall } from '../door.ts'
import { collect, eachOf } from '../listing.ts'
import { parametersOf } from './body.ts'
import { createProblems, SAY, textAt, textsAt, toldTime, flagAt } from './checks.ts'
import type { JsonObject } from '../json-object.ts'
import { notValid, refuse, unknownTemplate } from './errors.ts'
import { addressProblem, readVars } from './message-request.ts'
import { readContents } from './message-send.ts'
import { route } from './routes.ts'
import { referenceOf, slugOf } from './template-names.ts'

export interface TemplateServices {
  readonly templates: Templates
}

type Call = DoorCall<TemplateServices>
type Detail = NonNullable<(typeof getTemplate)['types']>['output']
type Version = NonNullable<(typeof getVersion)['types']>['output']

const BODY_BYTES_MAX = 8 * 1024 * 1024
const CODE_CHARS_MAX = 1_048_576
const LABELS_MAX = 10
const DIALECTS = 'merge-tags,mandrill-handlebars'

/** What a call says of a template; what is left out stays. */
interface Change {
  readonly subject?: string
  readonly html?: string
  readonly text?: string
  readonly fromEmail?: string
  readonly fromName?: string
  readonly labels?: readonly string[]
  readonly isPublished: boolean
}

function nameIn(parameters: JsonObject, field: string): string {
  const problems = createProblems()
  const name = textAt(problems, parameters[field], [field], 200)?.trim() ?? ''
  if (name === '') problems.add([field], SAY.blank)
  problems.throwIfAny()
  return name
}

function changeIn(parameters: JsonObject): Change {
  const problems = createProblems()
  const text = (name: string, charsMax: number): string | undefined =>
    textAt(problems, parameters[name], [name], charsMax)
  const [subject, html, plain] = [
    text('subject', 2_000),
    text('code', CODE_CHARS_MAX),
    text('text', CODE_CHARS_MAX),
  ]
  const [fromEmail, fromName] = [text('from_email', 320)?.trim(), text('from_name', 200)]
  const problem = fromEmail === undefined || fromEmail === '' ? undefined : addressProblem(fromEmail)
  if (problem !== undefined) problems.add(['from_email'], problem)
  const labels = textsAt(problems, parameters['labels'], ['labels'], 100)
  if ((labels?.length ?? 0) > LABELS_MAX)
    problems.add(['labels'], `Enter a list of not more than ${LABELS_MAX} labels`)
  const isPublished = flagAt(problems, parameters['publish'], ['publish']) ?? true
  problems.throwIfAny()
  return {
    ...(subject === undefined ? {} : { subject }),
    ...(html === undefined ? {} : { html }),
    ...(plain === undefined ? {} : { text: plain }),
    ...(fromEmail === undefined ? {} : { fromEmail }),
    ...(fromName === undefined ? {} : { fromName }),
    ...(labels === undefined
      ? {}
      : { labels: labels.map((label) => label.trim()).filter((label) => label !== '') }),
    isPublished,
  }
}

/** The language in which it is read unless a message says another: templates of the vendor do not say it. */
function dialectOf(parts: readonly (string | null)[]): 'merge-tags' | 'mandrill-handlebars' {
  const all = parts.join('\n')
  return !all.includes('*|') && all.includes('{{') ? 'mandrill-handlebars' : 'merge-tags'
}

/** A version with what a call says in the place of it. */
function contentOf(change: Change, before: Version | null) {
  const subject = change.subject ?? before?.subject ?? ''
  const html = change.html ?? before?.html ?? ''
  const text = change.text ?? before?.text ?? null
  const email = change.fromEmail ?? before?.from?.email ?? ''
  const name = change.fromName ?? before?.from?.name ?? ''
  return {
    dialect: dialectOf([subject, html, text]),
    subject,
    html,
    text: text === '' ? null : text,
    from: email === '' ? null : { email, ...(name === '' ? {} : { name }) },
    labels: [...(change.labels ?? before?.labels ?? [])],
  }
}

async function requireTemplate(call: Call, name: string): Promise<Detail> {
  return call.run(getTemplate, { templateId: referenceOf(name) }).catch((error: unknown) => {
    throw error instanceof Fault && error.code === 'not_found' ? unknownTemplate(name) : error
  })
}

function draftOf(call: Call, { id, newestVersion }: Detail): Promise<Version> {
  return call.run(getVersion, { templateId: id, version: newestVersion })
}

async function add(call: Call) {
  const parameters = parametersOf(call, 'name')
  const name = nameIn(parameters, 'name')
  const alias = slugOf(name)
  if (alias === '') throw notValid({ name: 'A name needs letters or digits from which a slug can be made' })
  const change = changeIn(parameters)
  const made = await call
    .run(createTemplate, { name, alias, ...contentOf(change, null) })
    .catch((error: unknown) => {
      const isTaken =
        error instanceof Fault &&
        error.code === 'conflict' &&
        error.fields.some(({ field }) => field === 'alias')
      throw isTaken ? refuse(6, 'Invalid_Template', `A template with name "${name}" already exists`) : error
    })
  if (change.isPublished) {
    await publishNewest(call, made).catch(async (error: unknown) => {
      await call.run(deleteTemplate, { templateId: made.id })
      throw error
    })
  }
  return shown(call, name)
}

/** What is sent from now on. Throws Invalid_Template where it cannot be rendered. */
async function publishNewest(call: Call, { id, newestVersion }: Detail): Promise<void> {
  await call.run(publishVersion, { templateId: id, version: newestVersion }).catch((error: unknown) => {
    if (!(error instanceof Fault) || error.code !== 'template_failed') throw error
    throw refuse(6, 'Invalid_Template', error.detail)
  })
}

async function update(call: Call) {
  const parameters = parametersOf(call, 'name')
  const name = nameIn(parameters, 'name')
  const change = changeIn(parameters)
  const template = await requireTemplate(call, name)
  const before = await draftOf(call, template)
  const place = { templateId: template.id, version: before.number }
  // What was published stays what mail said: the change is a draft behind it.
  await (before.state === 'draft'
    ? call.run(updateVersion, { ...place, ...contentOf(change, before) })
    : call.run(createVersion, {
        templateId: template.id,
        ...contentOf(change, before),
        follows: before.number,
      }))
  if (change.isPublished) await publishNewest(call, await requireTemplate(call, name))
  return shown(call, name)
}

async function publish(call: Call) {
  const name = nameIn(parametersOf(call, 'name'), 'name')
  const template = await requireTemplate(call, name)
  if (template.newestState === 'draft' || template.activeVersion !== template.newestVersion)
    await publishNewest(call, template)
  return shown(call, name)
}

async function info(call: Call) {
  return shown(call, nameIn(parametersOf(call, 'name'), 'name'))
}

async function remove(call: Call) {
  const name = nameIn(parametersOf(call, 'name'), 'name')
  const template = await requireTemplate(call, name)
  const told = await present(call, template)
  await call.run(deleteTemplate, { templateId: template.id })
  return told
}

async function list(call: Call) {
  const problems = createProblems()
  const label = textAt(problems, parametersOf(call)['label'], ['label'], 100)?.trim() ?? ''
  problems.throwIfAny()
  const all = await collect((page) => call.run(listTemplates, { dialects: DIALECTS, ...page }))
  const told = await eachOf(all, async ({ id }) =>
    present(call, await call.run(getTemplate, { templateId: id })),
  )
  return told.filter(({ labels }) => label === '' || labels.includes(label))
}

async function render(call: Call) {
  const parameters = parametersOf(call, 'template_name', 'template_content')
  const name = nameIn(parameters, 'template_name')
  const problems = createProblems()
  const editable = readContents(problems, parameters['template_content'])
  const data = readVars(problems, parameters['merge_vars'], ['merge_vars'])
  problems.throwIfAny()
  const template = await requireTemplate(call, name)
  const source = template.active ?? (await draftOf(call, template))
  // The vendor replaces nothing where no variables are given.
  if (data === undefined) return { html: fillEditable(source.html ?? '', editable) }
  const made = await call.run(previewTemplate, {
    templateId: template.id,
    version: source.number,
    data: { ...data },
    editable: [...editable],
  })
  const wrong = made.problems.find(({ severity, part }) => severity === 'error' && part === 'html')
  if (wrong !== undefined) throw refuse(6, 'Invalid_Template', wrong.message)
  return { html: made.html ?? '' }
}

async function shown(call: Call, name: string) {
  return present(call, await requireTemplate(call, name))
}

async function present(call: Call, template: Detail) {
  const { active } = template
  const draft = active?.number === template.newestVersion ? active : await draftOf(call, template)
  return {
    slug: template.alias ?? template.id,
    name: template.name,
    labels: draft.labels,
    code: draft.html ?? '',
    subject: draft.subject,
    from_email: draft.from?.email ?? null,
    from_name: draft.from?.name ?? null,
    text: draft.text,
    publish_name: template.name,
    publish_code: active?.html ?? null,
    publish_subject: active?.subject ?? null,
    publish_from_email: active?.from?.email ?? null,
    publish_from_name: active?.from?.name ?? null,
    publish_text: active?.text ?? null,
    published_at: template.activeSince === null ? null : toldTime(template.activeSince),
    created_at: toldTime(template.createdAt),
    updated_at: toldTime(template.updatedAt),
    draft_updated_at: toldTime(draft.updatedAt),
    is_broken_template: await isBroken(call, draft),
  }
}

/** What was published can be rendered; a draft is tried. */
async function isBroken(call: Call, draft: Version): Promise<boolean> {
  if (draft.state === 'published') return false
  const { ok } = await call.run(previewTemplate, { templateId: draft.templateId, version: draft.number })
  return !ok
}

/** Templates: what is drafted, and what is sent. */
export const templateRoutes = doorRoutes<TemplateServices>([
  route('templates/add', add, { bodyBytesMax: BODY_BYTES_MAX }),
  route('templates/update', update, { bodyBytesMax: BODY_BYTES_MAX }),
  route('templates/info', info),
  route('templates/publish', publish),
  route('templates/delete', remove),
  route('templates/list', list),
  route('templates/render', render, { bodyBytesMax: BODY_BYTES_MAX }),
])
