import { BulkheadError, type Client } from '@bulkhead/sdk'
import { setTimeout as sleep } from 'node:timers/promises'
import { UsageError } from '../failure.ts'
import type { Progress } from '../output.ts'
import { clean, truncate } from '../text.ts'
import type { Kind, LeftBehind, Source, SourceTemplate, SourceTopic, SourceWebhook } from './source.ts'

export const OUTCOMES = ['created', 'updated', 'unchanged', 'failed', 'left'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** What became of one thing. With a dry run `created` and `updated` say what would be. */
export interface Brought {
  /** One of KINDS, or what a vendor has besides. */
  readonly kind: string
  readonly name: string
  readonly outcome: Outcome
  readonly detail?: string
  /** A signing secret or public key that the receiver of a webhook has to be given: it is shown this once. */
  readonly secret?: string
}

export interface Report {
  readonly vendor: string
  readonly dryRun: boolean
  /** False where it broke off: what is there may be brought over again. */
  readonly complete: boolean
  readonly items: readonly Brought[]
  readonly suppressions: {
    readonly read: number
    readonly added: number
    readonly unchanged: number
    readonly refused: number
  } | null
}

export interface BringDependencies {
  readonly client: Client
  readonly source: Source
  readonly dryRun: boolean
  readonly signal: AbortSignal
  readonly progress: (label: string) => Progress
}

const TRIES = 6
const PART_LINES = 2_000
/** Of a part that the server takes, however the rest is written. */
const PART_CHARS = 500_000
/** An address has fewer; what has more is refused by the server with its line. */
const EMAIL_CHARS = 2_000
const MEMBERS_PART = 500
/** Accounts have tens. */
const THINGS_MAX = 10_000
const NAME_COLUMNS = 200
const DETAIL_COLUMNS = 1_000

/**
 * Brings over what is chosen. It may be run again: what is there already stays, what has changed at the vendor is changed here. What fails
 * fails alone and is told.
 */
export async function bring(
  deps: BringDependencies,
  kinds: readonly Kind[],
): Promise<{ readonly report: Report; readonly failure?: { readonly error: unknown } }> {
  const items: Brought[] = []
  let suppressions: Report['suppressions'] = null
  let failure: { readonly error: unknown } | undefined
  for (const kind of deps.source.kinds.filter((name) => kinds.includes(name))) {
    const progress = deps.progress(`${deps.source.vendor}: ${kind}`)
    const note = (item: Brought): void => {
      items.push(shownSafely(item))
      progress.advance(1)
    }
    try {
      if (kind === 'suppressions') suppressions = await bringSuppressions(deps, progress)
      else await BRINGERS[kind](deps, note)
    } catch (error) {
      failure = { error }
    }
    progress.end()
    if (failure !== undefined) break
  }
  const left = deps.source.left.map(({ kind, name, why }: LeftBehind): Brought =>
    shownSafely({ kind, name, outcome: 'left', detail: why }),
  )
  const report: Report = {
    vendor: deps.source.vendor,
    dryRun: deps.dryRun,
    complete: failure === undefined,
    items: [...items, ...left],
    suppressions,
  }
  return failure === undefined ? { report } : { report, failure }
}

/** Names and words of a vendor go to terminals and into files. */
function shownSafely(item: Brought): Brought {
  const { name, detail } = item
  return {
    ...item,
    name: truncate(clean(name.slice(0, NAME_COLUMNS + 1)), NAME_COLUMNS),
    ...(detail === undefined
      ? {}
      : { detail: truncate(clean(detail.slice(0, DETAIL_COLUMNS + 1)), DETAIL_COLUMNS) }),
  }
}

/** Things of an account: no vendor makes an import go on for ever. */
async function* bounded<Thing>(kind: Kind, things: AsyncIterable<Thing>): AsyncGenerator<Thing> {
  let count = 0
  for await (const thing of things) {
    count += 1
    if (count > THINGS_MAX)
      throw new UsageError(`There are more than ${THINGS_MAX} ${kind}: that is no account.`)
    yield thing
  }
}

type Bringer = (deps: BringDependencies, note: (item: Brought) => void) => Promise<void>

const BRINGERS: Readonly<Record<Exclude<Kind, 'suppressions'>, Bringer>> = {
  templates: bringTemplates,
  topics: bringTopics,
  domains: bringDomains,
  webhooks: bringWebhooks,
  subaccounts: bringSubaccounts,
  exemptions: bringExemptions,
}

/** Asks again where the server is busy; anything else that it refuses is the item's own failure. */
async function asked<Answer>(deps: BringDependencies, ask: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask()
    } catch (error) {
      const isBusy = error instanceof BulkheadError && (error.status === 429 || error.status === 503)
      if (!isBusy || tries === TRIES) throw error
      await sleep((error.retryAfterSeconds ?? 2 ** tries / 4) * 1_000, undefined, { signal: deps.signal })
    }
  }
}

/** One thing: its outcome, or why the server refused it. Failures that concern everything (no connection, no right) end the import. */
async function each(
  note: (item: Brought) => void,
  about: { readonly kind: Kind; readonly name: string },
  work: () => Promise<Omit<Brought, 'kind' | 'name'>>,
): Promise<void> {
  try {
    note({ ...about, ...(await work()) })
  } catch (error) {
    const isOwn = error instanceof BulkheadError && [400, 404, 409, 413, 422].includes(error.status)
    if (!isOwn) throw error
    note({ ...about, outcome: 'failed', detail: error.detail })
  }
}

/** As aliases are written: lower case, and nothing but letters, digits, ".", "_" and "-". */
export function aliasOf(reference: string): string {
  const text = reference
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .slice(0, 64)
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
  return text.startsWith('tpl_') || text === '' ? `t-${text}`.replace(/-$/, '') : text
}

async function bringTemplates(deps: BringDependencies, note: (item: Brought) => void): Promise<void> {
  for await (const template of bounded('templates', deps.source.templates()))
    await each(note, { kind: 'templates', name: template.name }, () => bringTemplate(deps, template))
}

async function bringTemplate(
  deps: BringDependencies,
  template: SourceTemplate,
): Promise<Omit<Brought, 'kind' | 'name'>> {
  const alias = aliasOf(template.reference)
  const { client, dryRun } = deps
  const { dialect, subject, html, text } = template
  const content = { dialect, subject, html, text, sampleData: template.sampleData }
  const { from, labels = [] } = template
  const whole = { ...content, from: from ?? null, labels: [...labels] }
  // What a dialect of the vendor would do otherwise here is refused with its place, before anything is written.
  const preview = await asked(deps, () => client.templates.preview({ ...content, data: template.sampleData }))
  const first = preview.problems.find(
    ({ severity, code }) => severity === 'error' && code !== 'missing_variable',
  )
  if (first !== undefined) {
    const place = first.line === null ? first.part : `${first.part}, line ${first.line}`
    return { outcome: 'failed', detail: `${place}: ${first.message}` }
  }
  const known = await asked(deps, () => client.templates.get(alias)).catch((error: unknown) => {
    if (error instanceof BulkheadError && error.status === 404) return null
    throw error
  })
  const detail = `alias ${alias}`
  if (known === null) {
    if (dryRun) return { outcome: 'created', detail }
    const made = await asked(deps, () =>
      client.templates.create({ name: template.name.slice(0, 200), alias, ...whole, note: 'Imported' }),
    )
    if (template.isPublished) await asked(deps, () => client.templates.publish(made.id, made.newestVersion))
    return { outcome: 'created', detail }
  }
  const newest = await asked(deps, () => client.templates.getVersion(known.id, known.newestVersion))
  const isSame =
    newest.dialect === dialect &&
    newest.subject === subject &&
    newest.html === html &&
    newest.text === text &&
    newest.from?.email === from?.email &&
    newest.from?.name === from?.name &&
    newest.labels.join('\n') === labels.join('\n')
  const isActive = known.activeVersion === newest.number
  if (isSame && (isActive || !template.isPublished)) return { outcome: 'unchanged', detail }
  if (dryRun) return { outcome: 'updated', detail }
  const version = isSame
    ? newest
    : await asked(deps, () => client.templates.createVersion(known.id, { ...whole, note: 'Imported again' }))
  if (template.isPublished) await asked(deps, () => client.templates.publish(known.id, version.number))
  return { outcome: 'updated', detail: `${detail}, version ${version.number}` }
}

async function bringSuppressions(
  deps: BringDependencies,
  progress: Progress,
): Promise<NonNullable<Report['suppressions']>> {
  const begun = await asked(deps, () =>
    deps.client.suppressionImports.start({ format: 'jsonl', dryRun: deps.dryRun }),
  )
  let lines: string[] = []
  let chars = 0
  let state = begun
  const send = async (isLast: boolean): Promise<void> => {
    let text = lines.join('')
    lines = []
    chars = 0
    do {
      const taken = await asked(deps, () =>
        deps.client.suppressionImports.addLines(state.id, { fromLine: state.nextLine, text, isLast }),
      )
      progress.advance(taken.import.entries - state.entries)
      state = taken.import
      text = text.slice(taken.charsTaken)
    } while (text !== '' && state.state === 'open')
  }
  for await (const entry of deps.source.suppressions()) {
    // Vendors stop all mail to whoever is on their lists.
    const email = entry.email.slice(0, EMAIL_CHARS)
    const line = `${JSON.stringify({ ...entry, email, scope: 'all' })}\n`
    lines.push(line)
    chars += line.length
    if (lines.length >= PART_LINES || chars >= PART_CHARS) await send(false)
  }
  await send(true)
  const { entries, added, widened, refused } = state
  return { read: entries, added: added + widened, unchanged: entries - added - widened - refused, refused }
}

async function bringTopics(deps: BringDependencies, note: (item: Brought) => void): Promise<void> {
  const known = new Map<string, string>()
  for await (const topic of deps.client.topics.listAll()) known.set(topic.name, topic.id)
  for await (const topic of bounded('topics', deps.source.topics()))
    await each(note, { kind: 'topics', name: topic.name }, () =>
      bringTopic(deps, topic, known.get(topic.name)),
    )
}

async function bringTopic(
  deps: BringDependencies,
  topic: SourceTopic,
  there: string | undefined,
): Promise<Omit<Brought, 'kind' | 'name'>> {
  const { name, description, isDefault } = topic
  let id = there
  if (id === undefined && !deps.dryRun)
    id = (await asked(deps, () => deps.client.topics.create({ name, description, isDefault }))).id
  let members = 0
  let refused = 0
  let part: string[] = []
  /** All that are addresses leave, whatever stands between them. */
  const add = async (to: string, emails: readonly string[]): Promise<void> => {
    try {
      await asked(deps, () => deps.client.topicSuppressions.add(to, { emails: [...emails] }))
    } catch (error) {
      if (!(error instanceof BulkheadError) || (error.status !== 400 && error.status !== 422)) throw error
      if (emails.length === 1) refused += 1
      else {
        const half = Math.ceil(emails.length / 2)
        await add(to, emails.slice(0, half))
        await add(to, emails.slice(half))
      }
    }
  }
  const send = async (): Promise<void> => {
    const [to, emails] = [id, part]
    part = []
    members += emails.length
    if (to === undefined || deps.dryRun || emails.length === 0) return
    await add(to, emails)
  }
  for await (const email of topic.left) {
    part.push(email.slice(0, EMAIL_CHARS))
    if (part.length >= MEMBERS_PART) await send()
  }
  await send()
  if (refused > 0)
    return { outcome: 'failed', detail: `${refused} of ${members} addresses that left it are no addresses` }
  return {
    outcome: there === undefined ? 'created' : 'unchanged',
    detail: `${members} addresses that left it`,
  }
}

async function bringDomains(deps: BringDependencies, note: (item: Brought) => void): Promise<void> {
  const known = new Set<string>()
  for await (const domain of deps.client.domains.listAll()) known.add(domain.name)
  for await (const name of bounded('domains', deps.source.domains())) {
    await each(note, { kind: 'domains', name }, async () => {
      if (known.has(name)) return { outcome: 'unchanged' }
      known.add(name)
      if (!deps.dryRun) await asked(deps, () => deps.client.domains.add({ name }))
      return { outcome: 'created', detail: `publish its records: bulkhead domains show ${name}` }
    })
  }
}

async function bringWebhooks(deps: BringDependencies, note: (item: Brought) => void): Promise<void> {
  const known = new Set<string>()
  for await (const hook of deps.client.webhooks.listAll()) known.add(`${hook.format} ${hook.url}`)
  for await (const hook of bounded('webhooks', deps.source.webhooks()))
    await each(note, { kind: 'webhooks', name: hook.url }, () => bringWebhook(deps, hook, known))
}

async function bringWebhook(
  deps: BringDependencies,
  hook: SourceWebhook,
  known: ReadonlySet<string>,
): Promise<Omit<Brought, 'kind' | 'name'>> {
  const { url, events, format, signing } = hook
  if (known.has(`${format} ${url}`)) return { outcome: 'unchanged' }
  if (deps.dryRun) return { outcome: 'created' }
  const made = await asked(deps, () =>
    deps.client.webhooks.create({
      url,
      format,
      ...(events.length === 0 ? {} : { formatEvents: events }),
      ...(signing === undefined ? {} : { signing }),
    }),
  )
  return {
    outcome: 'created',
    ...(made.secret === null
      ? {
          detail: `Its receiver verifies with the public key ${made.publicKey ?? 'of none: it is not signed'}`,
        }
      : { detail: 'It signs with a key of its own: give it to the receiver.', secret: made.secret }),
  }
}

async function bringSubaccounts(deps: BringDependencies, note: (item: Brought) => void): Promise<void> {
  const known = new Set<string>()
  for await (const subaccount of deps.client.subaccounts.listAll()) known.add(subaccount.name)
  for await (const { name, note: words, isPaused } of bounded('subaccounts', deps.source.subaccounts())) {
    await each(note, { kind: 'subaccounts', name }, async () => {
      if (known.has(name)) return { outcome: 'unchanged' }
      if (deps.dryRun) return { outcome: 'created' }
      const made = await asked(deps, () => deps.client.subaccounts.create({ name, note: words }))
      if (isPaused) await asked(deps, () => deps.client.subaccounts.update(made.name, { state: 'paused' }))
      return { outcome: 'created', ...(isPaused ? { detail: 'paused, as there' } : {}) }
    })
  }
}

async function bringExemptions(deps: BringDependencies, note: (item: Brought) => void): Promise<void> {
  const known = new Set<string>()
  for await (const { email } of deps.client.suppressionExemptions.listAll())
    known.add((email ?? '').toLowerCase())
  for await (const { email, note: words } of bounded('exemptions', deps.source.exemptions())) {
    await each(note, { kind: 'exemptions', name: email }, async () => {
      if (known.has(email.toLowerCase())) return { outcome: 'unchanged' }
      if (!deps.dryRun)
        await asked(deps, () =>
          deps.client.suppressionExemptions.add({ email, note: words === '' ? undefined : words }),
        )
      return { outcome: 'created' }
    })
  }
}
