import { z } from 'zod'
import {
  createTemplate,
  createVersion,
  deleteTemplate,
  deleteVersion,
  getTemplate,
  getVersion,
  listTemplates,
  listVersions,
  previewTemplate,
  publishVersion,
  updateTemplate,
  updateVersion,
} from '../../../modules/templates/index.ts'
import type { Templates } from '../../../modules/templates/index.ts'
import { textOfHtml } from '../../../platform/mime/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorCall } from '../door.ts'
import { bodyOf, inTheirFields, queryOf } from './body.ts'
import { notFound, refuse, vendorError } from './errors.ts'
import { collect, eachOf, urlOf } from './paging.ts'
import {
  GENERATIONS,
  isUnwritten,
  lineageIdOf,
  NewVersion,
  NOTHING_WRITTEN,
  presentTemplate,
  presentVersion,
  templateIdOf,
  TemplateName,
  VERSION_FIELDS,
  VersionChange,
} from './template-shapes.ts'
import type { Template, Version, VersionSummary } from './template-shapes.ts'

export interface TemplateServices {
  readonly templates: Templates
}

type Call = DoorCall<TemplateServices>
type Written = z.output<typeof VersionChange>

const BODY_BYTES_MAX = 8 * 1024 * 1024
const VERSIONS_MAX = 300
/** Versions of one template that are shown with what they say: the newest. */
const WHOLE_MAX = 50
const PAGE_SIZE_MAX = 200

const NewTemplate = z.object({
  name: TemplateName,
  generation: z
    .enum(['legacy', 'dynamic'], { error: 'generation must be legacy or dynamic' })
    .default('legacy'),
})
const Renaming = z.object({ name: TemplateName.optional() })
const Listing = z.object({
  generations: z
    .string()
    .regex(/^(legacy|dynamic)(,(legacy|dynamic))*$/, 'generations must be legacy, dynamic or both')
    .default('legacy,dynamic'),
  page_size: z.coerce
    .number({ error: 'page_size must be a number' })
    .int('page_size must be a number')
    .min(1, 'page_size must be 1 or more')
    .max(PAGE_SIZE_MAX, `page_size must be ${PAGE_SIZE_MAX} or less`)
    .optional(),
  page_token: z.string().max(200).optional(),
})

interface Held {
  readonly template: Template
  /** The last of each line, oldest first. */
  readonly versions: readonly VersionSummary[]
  /** The line that is sent now. */
  readonly active: string | null
}

async function create(call: Call) {
  const { name, generation } = bodyOf(call, NewTemplate)
  const dialect = GENERATIONS[generation]
  const made = await call.run(createTemplate, { name, dialect, ...NOTHING_WRITTEN })
  return { status: 201, body: presentTemplate(made, [], null) }
}

async function list(call: Call) {
  const query = queryOf(call, Listing)
  const wanted = new Set(query.generations.split(','))
  const dialects = (['legacy', 'dynamic'] as const)
    .filter((name) => wanted.has(name))
    .map((name) => GENERATIONS[name])
  const all = await collect((page) => call.run(listTemplates, { dialects: dialects.join(','), ...page }))
  const size = query.page_size ?? PAGE_SIZE_MAX
  const from = query.page_token === undefined ? 0 : all.findIndex(({ id }) => id === query.page_token)
  if (from < 0) throw refuse(400, vendorError('invalid page_token', 'page_token'))
  const result = await eachOf(all.slice(from, from + size), async (template) => {
    const held = await withVersions(call, template)
    return presentTemplate(template, held.versions, held.active)
  })
  const link = (at: number) => {
    const search = new URLSearchParams(call.query)
    search.set('page_size', String(size))
    const token = all[at]?.id
    if (at > 0 && token !== undefined) search.set('page_token', token)
    else search.delete('page_token')
    return urlOf(call, `/v3/templates?${search.toString()}`)
  }
  const _metadata = {
    ...(from > 0 ? { prev: link(Math.max(0, from - size)) } : {}),
    self: link(from),
    ...(from + size < all.length ? { next: link(from + size) } : {}),
    count: all.length,
  }
  return { status: 200, body: { result, templates: result, _metadata } }
}

async function show(call: Call) {
  const { template, versions, active } = await held(call)
  const wanted = versions.slice(-WHOLE_MAX)
  const opened = await eachOf(wanted, ({ number: version }) =>
    call.run(getVersion, { templateId: template.id, version }),
  )
  const whole = new Map(opened.map((version) => [version.number, version]))
  return { status: 200, body: presentTemplate(template, versions, active, whole) }
}

async function rename(call: Call) {
  const templateId = templateIdOf(call.params['template_id'])
  const { name } = bodyOf(call, Renaming)
  if (name !== undefined) await call.run(updateTemplate, { templateId, name })
  return show(call)
}

async function remove(call: Call) {
  await call.run(deleteTemplate, { templateId: templateIdOf(call.params['template_id']) })
  return { status: 204 }
}

/** All of a template: every line as it is now, and the active one active. */
async function duplicate(call: Call) {
  const { name } = bodyOf(call, Renaming)
  const { template, versions, active } = await held(call)
  const wanted = name ?? `Duplicate: ${template.name}`.slice(0, 100)
  const { dialect } = template
  const copy = await call.run(createTemplate, { name: wanted, dialect, ...NOTHING_WRITTEN })
  for (const version of versions) {
    const { subject, html, text, sampleData, note } = await call.run(getVersion, {
      templateId: template.id,
      version: version.number,
    })
    const added = await write(call, copy.id, { subject, html, text, sampleData, note })
    if (version.lineageId === active)
      await call.run(publishVersion, { templateId: copy.id, version: added.number })
  }
  const made = await withVersions(call, await call.run(getTemplate, { templateId: copy.id }))
  return { status: 201, body: presentTemplate(made.template, made.versions, made.active) }
}

async function addVersion(call: Call) {
  const wanted = bodyOf(call, NewVersion)
  const { template, versions } = await held(call)
  if (versions.length >= VERSIONS_MAX)
    throw refuse(400, vendorError(`a template can have at most ${VERSIONS_MAX} versions`))
  return inTheirFields(VERSION_FIELDS, async () => {
    const version = await write(call, template.id, { ...contentOf(wanted, null), note: wanted.name })
    if (wanted.active === 1 || versions.length === 0) await activate(call, template.id, version)
    return written(call, 201, template.id, version.lineageId)
  })
}

async function showVersion(call: Call) {
  const { template, version } = await heldVersion(call)
  return answer(call, 200, template.id, version.lineageId)
}

async function changeVersion(call: Call) {
  const wanted = bodyOf(call, VersionChange)
  const { template, version, active } = await heldVersion(call)
  const before = await call.run(getVersion, { templateId: template.id, version: version.number })
  const content = { ...contentOf(wanted, before), note: wanted.name ?? before.note }
  return inTheirFields(VERSION_FIELDS, async () => {
    const isSame = (['subject', 'html', 'text', 'note'] as const).every(
      (part) => content[part] === before[part],
    )
    const isDataSame = JSON.stringify(content.sampleData) === JSON.stringify(before.sampleData)
    const isSent = version.lineageId === active
    // What was published stays what mail said: the change is a version of its own, in the place of this one.
    const changed =
      isSame && isDataSame
        ? before
        : version.state === 'draft'
          ? await call.run(updateVersion, { templateId: template.id, version: version.number, ...content })
          : await call.run(createVersion, { templateId: template.id, ...content, follows: version.number })
    if ((isSent && changed.number !== version.number) || (wanted.active === 1 && !changed.isActive))
      await activate(call, template.id, changed, version)
    return written(call, 200, template.id, version.lineageId)
  })
}

async function removeVersion(call: Call) {
  const { template, version, versions } = await heldVersion(call)
  const ofLine = { templateId: template.id, lineageId: version.lineageId }
  const place = { templateId: template.id, version: version.number }
  if (version.state === 'published') await call.run(deleteVersion, place)
  else if (versions.length > 1 || version.id !== version.lineageId) await call.run(deleteVersion, place)
  else await call.run(updateVersion, { ...place, ...NOTHING_WRITTEN })
  // A draft that followed what was published goes first; then the rest of its line.
  const [left] = (await call.run(listVersions, { ...ofLine, latest: 'true', limit: 1 })).data
  if (left !== undefined && left.state === 'published')
    await call.run(deleteVersion, { templateId: template.id, version: left.number })
  return { status: 204 }
}

async function activateVersion(call: Call) {
  const { template, version } = await heldVersion(call)
  await call.run(publishVersion, { templateId: template.id, version: version.number })
  return answer(call, 200, template.id, version.lineageId)
}

async function held(call: Call): Promise<Held> {
  const templateId = templateIdOf(call.params['template_id'])
  const { active, ...template } = await call.run(getTemplate, { templateId })
  const { versions } = await withVersions(call, template)
  return { template, versions, active: active?.lineageId ?? null }
}

async function heldVersion(call: Call): Promise<Held & { readonly version: VersionSummary }> {
  const lineageId = lineageIdOf(call.params['version_id'])
  const found = await held(call)
  const version = found.versions.find((one) => one.lineageId === lineageId)
  if (version === undefined) throw notFound('version not found')
  return { ...found, version }
}

async function withVersions(call: Call, template: Template): Promise<Held> {
  const { id: templateId } = template
  const all = await collect((page) => call.run(listVersions, { templateId, latest: 'true', ...page }))
  const versions = all.filter((version) => !isUnwritten(version)).reverse()
  const shown = versions.find(({ isActive }) => isActive)
  if (shown !== undefined || template.activeVersion === null)
    return { template, versions, active: shown?.lineageId ?? null }
  const { active } = await call.run(getTemplate, { templateId })
  return { template, versions, active: active?.lineageId ?? null }
}

/** Writes a new version: into the draft that says nothing, where there still is one. */
async function write(
  call: Call,
  templateId: string,
  content: Pick<Version, 'subject' | 'html' | 'text' | 'sampleData' | 'note'>,
): Promise<Version> {
  const [newest] = (await call.run(listVersions, { templateId, limit: 1 })).data
  if (newest === undefined || !isUnwritten(newest)) return call.run(createVersion, { templateId, ...content })
  return call.run(updateVersion, { templateId, version: newest.number, ifHash: newest.hash, ...content })
}

/** Makes a version the one that is sent. One that cannot be rendered is taken away again, as this vendor refuses it whole. */
async function activate(
  call: Call,
  templateId: string,
  version: Version,
  before?: VersionSummary,
): Promise<void> {
  try {
    await call.run(publishVersion, { templateId, version: version.number })
  } catch (error) {
    const place = { templateId, version: version.number }
    if (before === undefined) {
      const isOnly = (await call.run(listVersions, { templateId, limit: 2 })).data.length < 2
      if (isOnly) await call.run(updateVersion, { ...place, ...NOTHING_WRITTEN })
      else await call.run(deleteVersion, place)
    } else if (version.number !== before.number) await call.run(deleteVersion, place)
    throw error
  }
}

async function answer(call: Call, status: number, templateId: string, lineageId: string) {
  const { active, ...template } = await call.run(getTemplate, { templateId })
  const [head] = (await call.run(listVersions, { templateId, lineageId, latest: 'true', limit: 1 })).data
  if (head === undefined) throw notFound('version not found')
  const version = await call.run(getVersion, { templateId, version: head.number })
  return { status, body: presentVersion(template, version, active?.lineageId ?? null) }
}

/** What is sent can be rendered; of what is not sent yet it is told what would refuse a message of it. Answers to reading have no warnings: a client in Go takes those for one object. */
async function written(call: Call, status: number, templateId: string, lineageId: string) {
  const said = await answer(call, status, templateId, lineageId)
  if (said.body.active === 1) return { status, body: { ...said.body, warnings: [] } }
  const [head] = (await call.run(listVersions, { templateId, lineageId, latest: 'true', limit: 1 })).data
  const { problems } = await call.run(previewTemplate, { templateId, version: head?.number })
  const warnings = problems
    .filter(({ severity }) => severity === 'error')
    .map(({ part, line, message }) => ({
      message: `${PARTS[part]}${line === null ? '' : `, line ${line}`}: ${message}`,
    }))
  return { status, body: { ...said.body, warnings } }
}

const PARTS = { subject: 'subject', html: 'html_content', text: 'plain_content' } as const

function contentOf(wanted: Written, before: Version | null) {
  const html = wanted.html_content ?? before?.html ?? null
  const text = textFor(wanted, before, html)
  return {
    subject: wanted.subject ?? before?.subject ?? '',
    html: html === null && wanted.plain_content === undefined && before === null ? '' : html,
    // HTML without a text is mail of one part, not of an empty second one.
    text: text === '' && (html ?? '') !== '' ? null : text,
    sampleData: wanted.test_data === undefined ? (before?.sampleData ?? {}) : dataOf(wanted.test_data),
  }
}

/** Written, or made of the HTML; a text that was made of the HTML before changes with it. */
function textFor(wanted: Written, before: Version | null, html: string | null): string {
  const { generate_plain_content: isMade, plain_content: plain } = wanted
  if (isMade === true) return textOfHtml(html ?? '')
  if (plain !== undefined && (plain !== '' || isMade === false)) return plain
  if (before === null) return isMade === false ? '' : textOfHtml(html ?? '')
  if (plain === '') return textOfHtml(html ?? '')
  const wasMade = before.text === textOfHtml(before.html ?? '')
  return wasMade && isMade !== false ? textOfHtml(html ?? '') : (before.text ?? '')
}

function dataOf(text: string | null): Record<string, unknown> {
  if (text === null || text.trim() === '') return {}
  const problem = refuse(400, vendorError('test_data must be a JSON object', 'test_data'))
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw problem
    return { ...parsed }
  } catch {
    throw problem
  }
}

const TEMPLATES = '/v3/templates'
const TEMPLATE = `${TEMPLATES}/{template_id}`
const VERSION = `${TEMPLATE}/versions/{version_id}`

/** Templates and their versions. */
export const templateRoutes = doorRoutes<TemplateServices>([
  { method: 'POST', path: TEMPLATES, doorScope: 'templates.create', handle: create },
  { method: 'GET', path: TEMPLATES, doorScope: 'templates.read', handle: list },
  { method: 'GET', path: TEMPLATE, doorScope: 'templates.read', handle: show },
  { method: 'PATCH', path: TEMPLATE, doorScope: 'templates.update', handle: rename },
  { method: 'DELETE', path: TEMPLATE, doorScope: 'templates.delete', handle: remove },
  { method: 'POST', path: TEMPLATE, doorScope: 'templates.create', handle: duplicate },
  {
    method: 'POST',
    path: `${TEMPLATE}/versions`,
    doorScope: 'templates.versions.create',
    bodyBytesMax: BODY_BYTES_MAX,
    handle: addVersion,
  },
  { method: 'GET', path: VERSION, doorScope: 'templates.versions.read', handle: showVersion },
  {
    method: 'PATCH',
    path: VERSION,
    doorScope: 'templates.versions.update',
    bodyBytesMax: BODY_BYTES_MAX,
    handle: changeVersion,
  },
  { method: 'DELETE', path: VERSION, doorScope: 'templates.versions.delete', handle: removeVersion },
  {
    method: 'POST',
    path: `${VERSION}/activate`,
    doorScope: 'templates.versions.activate.create',
    handle: activateVersion,
  },
])
