import { z } from 'zod'
import { decodeId, encodeId, uuidFromHex } from '../../../kernel/ids.ts'
import type { listVersions, getVersion, listTemplates } from '../../../modules/templates/index.ts'
import { textOfHtml } from '../../../platform/mime/index.ts'
import { notFound } from './errors.ts'
import { templateOf } from './template-choice.ts'

type Answer<Operation extends { readonly types?: { readonly output: unknown } }> = NonNullable<
  Operation['types']
>['output']
export type Template = Answer<typeof listTemplates>['data'][number]
export type VersionSummary = Answer<typeof listVersions>['data'][number]
export type Version = Answer<typeof getVersion>

export const GENERATIONS = { dynamic: 'sendgrid-handlebars', legacy: 'sendgrid-legacy' } as const
export type Generation = keyof typeof GENERATIONS

const NAME_MAX = 100
export const TemplateName = z
  .string({ error: 'name is required' })
  .trim()
  .min(1, 'name is required')
  .max(NAME_MAX, `name can be at most ${NAME_MAX} characters`)

const Part = z.string().max(1_048_576, 'can be at most 1MB').optional()
const Active = z.union([z.literal(0), z.literal(1)], { error: 'active must be 0 or 1' }).optional()

const versionFields = {
  active: Active,
  html_content: Part,
  plain_content: Part,
  generate_plain_content: z.boolean({ error: 'generate_plain_content must be a boolean' }).optional(),
  subject: z.string().max(255, 'subject can be at most 255 characters').optional(),
  editor: z.enum(['code', 'design'], { error: 'editor must be code or design' }).optional(),
  test_data: z.string().nullable().optional(),
}
export const NewVersion = z.object({ ...versionFields, name: TemplateName })
export const VersionChange = z.object({ ...versionFields, name: TemplateName.optional() })

/** The vendor's names of what our faults are about. */
export const VERSION_FIELDS = {
  html: 'html_content',
  text: 'plain_content',
  sampleData: 'test_data',
  note: 'name',
} as const

/** `d-` and 32 digits, or a UUID, as our own id or the alias of an imported template. */
export function templateIdOf(text: string | undefined): string {
  const template = templateOf(text ?? '')
  if (template === null) throw notFound('template not found')
  return template.reference
}

/** The UUID of a version as the id of its line. */
export function lineageIdOf(text: string | undefined): string {
  const digits = (text ?? '').replaceAll('-', '').toLowerCase()
  if (!/^[0-9a-f]{32}$/.test(digits)) throw notFound('version not found')
  return encodeId('templateVersion', uuidFromHex(digits))
}

function generationOf({ dialect }: Pick<Template, 'dialect'>): Generation {
  return dialect === GENERATIONS.legacy ? 'legacy' : 'dynamic'
}

/** How this vendor names a template: as it did where it was imported from there; those of the older generation have a plain UUID. */
export function shownTemplateId(
  { id, alias }: Pick<Template, 'id' | 'alias'>,
  generation: Generation,
): string {
  if (alias !== null && templateOf(alias)?.reference === alias) return alias
  const uuid = decodeId('template', id) ?? ''
  return generation === 'legacy' ? uuid : `d-${uuid.replaceAll('-', '')}`
}

export function presentTemplate(
  template: Template,
  versions: readonly VersionSummary[],
  active: string | null,
  /** What versions say, of those that are shown whole. */
  whole: ReadonlyMap<number, Version> = new Map(),
) {
  const generation = generationOf(template)
  return {
    id: shownTemplateId(template, generation),
    name: template.name,
    generation,
    updated_at: timeOf(template.updatedAt),
    versions: versions.map((version) => {
      const found = whole.get(version.number)
      return found === undefined
        ? presentSummary(template, version, active)
        : presentVersion(template, found, active)
    }),
  }
}

/** `active` is the line that is sent now. */
export function presentSummary(template: Template, version: VersionSummary, active: string | null) {
  return {
    id: decodeId('templateVersion', version.lineageId),
    template_id: shownTemplateId(template, generationOf(template)),
    active: version.lineageId === active ? 1 : 0,
    name: version.note,
    subject: version.subject,
    updated_at: timeOf(version.updatedAt),
    editor: 'code',
    thumbnail_url: '',
  }
}

export function presentVersion(template: Template, version: Version, active: string | null) {
  const html = version.html ?? ''
  const plain = version.text ?? ''
  return {
    ...presentSummary(template, version, active),
    html_content: html,
    plain_content: plain,
    generate_plain_content: plain === textOfHtml(html),
    test_data: Object.keys(version.sampleData).length === 0 ? '' : JSON.stringify(version.sampleData),
  }
}

/** A template here has none of this vendor's versions until the first was written: the draft that every template begins with says nothing. */
export const NOTHING_WRITTEN = { subject: '', html: null, text: '', sampleData: {}, note: '' } as const

export function isUnwritten(version: VersionSummary): boolean {
  return version.state === 'draft' && version.sizeBytes === 0 && version.note === ''
}

function timeOf(instant: string): string {
  return instant.slice(0, 19).replace('T', ' ')
}
