import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'
import { DIALECTS, RENDERED_PARTS } from '../../platform/templates/index.ts'

export const PARTS = RENDERED_PARTS

export const TEMPLATES_MAX = 2_000
export const VERSIONS_MAX = 1_000
/** Of html and of text each. */
export const SOURCE_CHARS_MAX = 1_048_576
export const SUBJECT_CHARS_MAX = 2_000
/** As JSON in UTF-8; also of the data of one message. */
export const DATA_BYTES_MAX = 256 * 1024
/** How long a deleted template can be brought back. */
export const DELETED_DAYS = 30
/** Two sources of the longest and their escapes in JSON. */
export const TEMPLATE_BODY_BYTES_MAX = 8 * 1024 * 1024

const NO_CONTROL = /^\P{Cc}*$/u

export const Name = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(NO_CONTROL, 'has a line break or control character')
export const Alias = z
  .string()
  .regex(
    /^(?!tpl_)[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/,
    'must be 1 to 64 of a-z, 0-9, ".", "_" and "-", begin and end with a letter or digit, and not begin with tpl_',
  )
  .describe('A name of your own by which programs call it, such as order-shipped. Unique in the workspace.')
export const Source = z.string().max(SOURCE_CHARS_MAX)
export const Note = z
  .string()
  .trim()
  .max(500)
  .regex(NO_CONTROL, 'has a line break or control character')
  .describe('What changed, for the people of the workspace.')
export const Data = z
  .record(z.string().max(200), z.unknown())
  .describe(`What the template is filled with: an object, at most ${DATA_BYTES_MAX / 1024} KiB as JSON.`)

export const TemplateReference = z.string().max(100).describe('The id, tpl_…, or the alias.')
export const VersionNumber = z.coerce.number().int().min(0).max(2_147_483_647)

export const DialectInput = z
  .enum(DIALECTS)
  .describe('The language in which it is written. Those of other vendors are rendered as theirs are.')

const VARIABLES_MAX = 50
/** What is rendered can be no longer. */
const EDITABLE_CHARS_MAX = 4 * 1024 * 1024

/** What a template says of a name in its data. */
export const DeclaredVariable = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z_]\w{0,99}$/, 'must be letters, digits and "_", and not begin with a digit'),
    type: z.enum(['string', 'number']).describe('A message with a value of another type is refused.'),
    fallback: z
      .union([z.string().max(2_000), z.number()])
      .optional()
      .describe('Used where the data does not hold the name.'),
  })
  .refine(({ type, fallback }) => fallback === undefined || typeof fallback === type, {
    error: 'is not of the type of the variable',
    path: ['fallback'],
  })
export type DeclaredVariable = z.output<typeof DeclaredVariable>

const DeclaredVariables = z
  .array(DeclaredVariable)
  .max(VARIABLES_MAX)
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, {
    error: 'names one variable twice',
  })

/** What fills the regions of HTML that carry mc:edit. */
export const Editable = z
  .array(z.strictObject({ name: z.string().max(200), content: z.string().max(EDITABLE_CHARS_MAX) }))
  .max(200)
  .describe(
    'HTML for regions that carry mc:edit="name", before the dialect is rendered: it is of the author, not data.',
  )

/** What a message is rendered from. */
export const TemplateUse = z.strictObject({
  id: TemplateReference,
  version: VersionNumber.optional().describe('One that was published; default: the active one.'),
  data: Data.optional(),
  strict: z
    .boolean()
    .optional()
    .describe(
      'Refuse the message where the template asks for what the data does not hold. Default: it is empty.',
    ),
  editable: Editable.optional(),
  subject: z
    .string()
    .max(SUBJECT_CHARS_MAX)
    .optional()
    .describe('Rendered in the place of the subject of the version.'),
  text: Source.optional().describe('Rendered in the place of the text of the version.'),
  dialect: DialectInput.optional().describe(
    'The language in which it is read; default: that of the version. For templates whose language each message says, as at Mandrill.',
  ),
})
export type TemplateUse = z.output<typeof TemplateUse>

/** How the parts of a message that brings its own source are filled. */
export const Fill = z.strictObject({
  dialect: DialectInput.default('liquid'),
  data: Data.optional(),
  strict: z
    .boolean()
    .optional()
    .describe('Refuse the message where it asks for what the data does not hold.'),
  editable: Editable.optional(),
})
export type Fill = z.output<typeof Fill>

/** Whom mail of a template is from. */
export const TemplateFrom = z.strictObject({
  email: z.string().max(320),
  name: z.string().max(200).optional(),
})
export type TemplateFrom = z.output<typeof TemplateFrom>

/** Where answers to mail of a template go. */
export const TemplateReplyTo = z.array(z.string().min(3).max(1_000)).max(20)

export const Labels = z.array(z.string().trim().min(1).max(100).regex(NO_CONTROL)).max(10)

/** What a version says, as it is written. */
export const contentInput = {
  dialect: DialectInput.optional().describe(
    'Default: that of the newest version; liquid for a new template.',
  ),
  subject: z.string().max(SUBJECT_CHARS_MAX).describe('Line breaks in what it renders become blanks.'),
  html: Source.nullable().optional().describe('What the data holds is escaped where it is put in.'),
  text: Source.nullable().optional().describe('What the data holds is put in as it is.'),
  sampleData: Data.optional().describe('Data for previews. It is stored sealed; still, make it up.'),
  variables: DeclaredVariables.optional().describe(
    'Names of the data with their types, and what is used where a message does not give them. Others may be used without being named here.',
  ),
  from: TemplateFrom.nullable()
    .optional()
    .describe(
      'Whom mail of it is from where a message does not say; the domain must be one of the workspace then.',
    ),
  replyTo: TemplateReplyTo.optional().describe(
    'Addresses to which answers go where a message names none, such as "Ann <ann@example.com>".',
  ),
  labels: Labels.optional().describe('For the people and programs of the workspace, to find it by.'),
  note: Note.optional(),
}

/** Which lines of versions a list shows. */
export const lineageFilter = {
  lineageId: z
    .string()
    .max(100)
    .optional()
    .describe('Only the versions that took the place of this one, and itself: tpv_….'),
  latest: z
    .enum(['true', 'false'])
    .default('false')
    .describe('true: of versions that took each other’s place the last one only.'),
}

const VERSION_STATES = ['draft', 'published'] as const

export const VersionSummary = z
  .object({
    id: z.string(),
    templateId: z.string(),
    number: z.int().describe('From 1; never used again.'),
    lineageId: z
      .string()
      .describe(
        'The id of the first of the versions that took each other’s place; its own where it took none.',
      ),
    state: z.enum(VERSION_STATES).describe('draft: can be changed, cannot be sent. published: the reverse.'),
    isActive: z.boolean().describe('Whether it is what is sent where no version is named.'),
    dialect: DialectInput,
    subject: z.string(),
    note: z.string(),
    hash: z.string().describe('SHA-256 of dialect, subject, html and text, in hex; audit records hold it.'),
    sizeBytes: z.int().describe('Of subject, html and text.'),
    createdAt: Instant,
    createdBy: z.string(),
    updatedAt: Instant,
    publishedAt: Instant.nullable().describe('When it was published first.'),
    retiredAt: Instant.nullable().describe('Since when it is sent no more and stands in no list.'),
  })
  .meta({ id: 'TemplateVersionSummary' })

export const Version = VersionSummary.extend({
  html: z.string().nullable(),
  text: z.string().nullable(),
  sampleData: z.record(z.string(), z.unknown()),
  variables: z.array(
    z.object({
      name: z.string(),
      type: z.enum(['string', 'number']),
      fallback: z.union([z.string(), z.number()]).nullable(),
    }),
  ),
  from: TemplateFrom.nullable(),
  replyTo: z.array(z.string()),
  labels: z.array(z.string()),
}).meta({ id: 'TemplateVersion' })

export const Template = z
  .object({
    id: z.string(),
    name: z.string(),
    alias: z.string().nullable(),
    activeVersion: z.int().nullable().describe('What is sent where no version is named; null: none yet.'),
    activeSince: Instant.nullable(),
    newestVersion: z.int().describe('The highest number, draft or published.'),
    newestState: z.enum(VERSION_STATES),
    dialect: DialectInput.describe('Of the newest version.'),
    versions: z.int().describe('How many there are.'),
    createdAt: Instant,
    createdBy: z.string(),
    updatedAt: Instant.describe('When it or one of its versions was last changed.'),
    deletedAt: Instant.nullable().describe(
      `Null, or since when it can be restored, for ${DELETED_DAYS} days.`,
    ),
  })
  .meta({ id: 'Template' })

export const Publication = z
  .object({
    version: z.int(),
    at: Instant,
    by: z.string(),
    hash: z.string().describe('As it is in the version.'),
  })
  .meta({ id: 'TemplatePublication' })

export const TemplateDetail = Template.extend({
  active: Version.nullable().describe('The active version whole.'),
  publications: z.array(Publication).describe('The last 50, newest first: what was active since when.'),
}).meta({ id: 'TemplateDetail' })

export const PROBLEM_CODES = [
  'syntax',
  'unknown_tag',
  'unknown_filter',
  'missing_variable',
  'time_limit',
  'memory_limit',
  'output_limit',
  'failed',
  'unquoted_attribute',
  'message_clipped',
  'no_text',
  'empty_subject',
  'unknown_helper',
  'unsupported',
  'suspicious',
  'wrong_type',
] as const

export const TemplateProblem = z
  .object({
    part: z.enum(PARTS),
    severity: z.enum(['error', 'warning']).describe('error: a message of it is refused.'),
    code: z.enum(PROBLEM_CODES),
    message: z.string(),
    line: z.int().nullable().describe('In the source of the part, from 1.'),
    column: z.int().nullable().describe('From 1.'),
  })
  .meta({ id: 'TemplateProblem' })
export type TemplateProblem = z.output<typeof TemplateProblem>

export const TemplateVariable = z
  .object({
    name: z.string().describe('A path into the data, such as order.items.'),
    parts: z.array(z.enum(PARTS)),
    isMissing: z.boolean().describe('The data does not hold it.'),
  })
  .meta({ id: 'TemplateVariable' })

export const Preview = z
  .object({
    ok: z.boolean().describe('Whether a message with this data would be accepted.'),
    subject: z.string().nullable().describe('Null where it could not be rendered.'),
    html: z.string().nullable().describe('Null where there is none, or it could not be rendered.'),
    text: z.string().nullable().describe('As html.'),
    sizes: z
      .object({ subject: z.int(), html: z.int(), text: z.int() })
      .describe('In bytes, of what was rendered.'),
    problems: z.array(TemplateProblem),
    variables: z.array(TemplateVariable).describe('What the template asks of the data.'),
    templateId: z.string().nullable(),
    version: z.int().nullable(),
  })
  .meta({ id: 'TemplatePreview' })
