import { z } from 'zod'
import { parseMailbox } from '../../../kernel/email-address.ts'
import {
  createTemplate,
  createVersion,
  deleteTemplate,
  duplicateTemplate,
  getTemplate,
  getVersion,
  listTemplates,
  publishVersion,
  updateTemplate,
  updateVersion,
} from '../../../modules/templates/index.ts'
import type { Templates } from '../../../modules/templates/index.ts'
import { textOfHtml } from '../../../platform/mime/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorAnswer, DoorCall } from '../door.ts'
import { bodyOf } from './body.ts'
import { badAddress, badSender, invalid } from './errors.ts'
import { uuidOf } from './ids.ts'
import { asMailbox } from './mailbox-text.ts'
import { listOf } from './paging.ts'
import { FULL } from './permissions.ts'
import { templateRef } from './template-ref.ts'
import { presentTemplate, presentTemplateItem } from './template-view.ts'

export interface TemplateServices {
  readonly templates: Templates
}

type Call = DoorCall<TemplateServices>

const BODY_BYTES_MAX = 8 * 1024 * 1024
const VARIABLES_MAX = 50
const RESERVED: ReadonlySet<string> = new Set([
  'FIRST_NAME',
  'LAST_NAME',
  'EMAIL',
  'UNSUBSCRIBE_URL',
  'contact',
  'this',
])

const Variable = z.object({
  key: z.string().min(1).max(50),
  type: z.enum(['string', 'number']),
  fallback_value: z.union([z.string(), z.number()]).nullish(),
})
const Addresses = z.union([z.string(), z.array(z.string()).max(50)])
const content = {
  alias: z.string().nullish(),
  from: z.string().nullish(),
  subject: z.string().nullish(),
  reply_to: Addresses.nullish(),
  text: z.string().nullish(),
  variables: z.array(Variable).max(VARIABLES_MAX).nullish(),
}
const NewTemplate = z.object({ name: z.string().min(1), html: z.string(), ...content })
const Change = z.object({ name: z.string().min(1).optional(), html: z.string().optional(), ...content })
type Change = z.output<typeof Change>

async function create(call: Call): Promise<DoorAnswer> {
  const { name, alias, ...said } = bodyOf(call, NewTemplate)
  requireDeclared(said)
  const made = await call.run(createTemplate, {
    name,
    ...(typeof alias === 'string' ? { alias } : {}),
    dialect: 'resend',
    subject: said.subject ?? '',
    ...contentOf({ ...said, text: said.text ?? textOfHtml(said.html) }),
  })
  return { status: 201, body: { object: 'template', id: uuidOf('template', made.id) } }
}

/** A name between three braces, with or without a fallback. */
const USED = /\{\{\{\s*([A-Za-z_]\w{0,99})\s*(?:\|[^{}]{0,2000})?\}\}\}/g
/** Filled of each contact, whatever the list of variables says. */
const FILLED: ReadonlySet<string> = new Set([...RESERVED, 'RESEND_UNSUBSCRIBE_URL'])

/** Whoever lists variables lists all that what comes with them uses. */
function requireDeclared({ html, text, subject, variables }: Change): void {
  if (variables === undefined || variables === null) return
  const declared = new Set(variables.map(({ key }) => key))
  for (const source of [subject, html, text]) {
    for (const [, name = ''] of (source ?? '').matchAll(USED)) {
      if (!declared.has(name) && !FILLED.has(name))
        throw invalid(`Variable '${name}' is used in the template but not defined in the variables list`)
    }
  }
}

/** What is said of it; what is left out is not there. */
function contentOf({
  html,
  text,
  from,
  reply_to: replyTo,
  variables,
}: Omit<Change, 'name' | 'alias' | 'subject'>) {
  return {
    ...(html === undefined ? {} : { html }),
    // An empty text is none.
    ...(text === undefined ? {} : { text: text === '' ? null : text }),
    ...(from === undefined ? {} : { from: from === null || from === '' ? null : senderOf(from) }),
    ...(replyTo === undefined ? {} : { replyTo: [replyTo ?? []].flat().map(addressOf) }),
    ...(variables === undefined ? {} : { variables: (variables ?? []).map(variableOf) }),
  }
}

function senderOf(from: string): { email: string; name?: string } {
  const parsed = parseMailbox(asMailbox(from) ?? '')
  if (!parsed.ok) throw badSender()
  const { email, display } = parsed.address
  return display === undefined ? { email } : { email, name: display }
}

function addressOf(address: string): string {
  const mailbox = asMailbox(address)
  if (mailbox === null) throw invalid(badAddress('reply_to'))
  return mailbox
}

function variableOf({ key, type, fallback_value: fallback }: z.output<typeof Variable>) {
  if (RESERVED.has(key)) throw invalid(`Invalid \`variables\` field: \`${key}\` is a reserved name.`)
  if (fallback === undefined || fallback === null) return { name: key, type }
  if (typeof fallback !== type)
    throw invalid(`Invalid \`variables\` field: the fallback value of \`${key}\` must be a ${type}.`)
  return { name: key, type, fallback }
}

function list(call: Call): Promise<DoorAnswer> {
  return listOf(
    call,
    { kind: 'template', ask: (page) => call.run(listTemplates, { dialects: 'resend', ...page }) },
    presentTemplateItem,
  )
}

async function show(call: Call): Promise<DoorAnswer> {
  const { template, version } = await found(call)
  return { status: 200, body: presentTemplate(template, version) }
}

/** A template, and the newest of its versions: a draft, or what was published last. */
async function found(call: Call) {
  const templateId = refOf(call)
  const template = await call.run(getTemplate, { templateId })
  const version = await call.run(getVersion, { templateId: template.id, version: template.newestVersion })
  return { template, version }
}

/** What was published stays as it is sent: a change of it is a draft until it is published too. */
async function update(call: Call): Promise<DoorAnswer> {
  const { name, alias, subject, ...said } = bodyOf(call, Change)
  requireDeclared({ ...said, subject })
  const { template, version } = await found(call)
  const change = {
    ...(subject === undefined ? {} : { subject: subject ?? '' }),
    ...contentOf({ ...said, text: textBeside(said, version) }),
  }
  if (name !== undefined || alias !== undefined)
    await call.run(updateTemplate, {
      templateId: template.id,
      ...(name === undefined ? {} : { name }),
      ...(alias === undefined ? {} : { alias }),
    })
  const at = { templateId: template.id }
  if (Object.keys(change).length > 0) {
    if (version.state === 'draft')
      await call.run(updateVersion, { ...at, version: version.number, ...change })
    else await call.run(createVersion, { ...at, ...writtenIn(version), ...change })
  }
  return answer(template.id)
}

type Version = Awaited<ReturnType<typeof found>>['version']

/** A text that was made of the HTML is made again where the HTML changes. */
function textBeside({ html, text }: Change, before: Version): string | null | undefined {
  const wasMade = before.text !== null && before.text === textOfHtml(before.html ?? '')
  return text === undefined && html !== undefined && wasMade ? textOfHtml(html) : text
}

/** A version as a request would say it. */
function writtenIn({ dialect, subject, html, text, variables, from, replyTo, labels, sampleData }: Version) {
  return {
    dialect,
    subject,
    html,
    text,
    from,
    replyTo,
    labels,
    sampleData,
    variables: variables.map(({ name, type, fallback }) =>
      fallback === null ? { name, type } : { name, type, fallback },
    ),
  }
}

async function publish(call: Call): Promise<DoorAnswer> {
  const { template } = await found(call)
  await call.run(publishVersion, { templateId: template.id, version: template.newestVersion })
  return answer(template.id)
}

async function duplicate(call: Call): Promise<DoorAnswer> {
  const copy = await call.run(duplicateTemplate, { templateId: refOf(call) })
  return answer(copy.id)
}

async function remove(call: Call): Promise<DoorAnswer> {
  const { id } = await call.run(getTemplate, { templateId: refOf(call) })
  await call.run(deleteTemplate, { templateId: id })
  return { status: 200, body: { object: 'template', id: uuidOf('template', id), deleted: true } }
}

function answer(id: string): DoorAnswer {
  return { status: 200, body: { object: 'template', id: uuidOf('template', id) } }
}

function refOf(call: Call): string {
  return templateRef(call.params['id'] ?? '').slice(0, 100)
}

const TEMPLATE = '/templates/{id}'

export const templateRoutes = doorRoutes<TemplateServices>([
  { method: 'POST', path: '/templates', doorScope: FULL, bodyBytesMax: BODY_BYTES_MAX, handle: create },
  { method: 'GET', path: '/templates', doorScope: FULL, handle: list },
  { method: 'GET', path: TEMPLATE, doorScope: FULL, handle: show },
  { method: 'PATCH', path: TEMPLATE, doorScope: FULL, bodyBytesMax: BODY_BYTES_MAX, handle: update },
  { method: 'DELETE', path: TEMPLATE, doorScope: FULL, handle: remove },
  { method: 'POST', path: `${TEMPLATE}/publish`, doorScope: FULL, handle: publish },
  { method: 'POST', path: `${TEMPLATE}/duplicate`, doorScope: FULL, handle: duplicate },
])
