import { choicesOf, text, toggle, type Command, type Context, type Given } from '../command.ts'
import { EXIT, UsageError } from '../failure.ts'
import { readLocal } from '../files.ts'
import { bring, OUTCOMES, type Brought, type Report } from '../importing/bring.ts'
import { mandrillSource } from '../importing/mandrill.ts'
import { resendSource } from '../importing/resend.ts'
import { sendgridSource } from '../importing/sendgrid.ts'
import { KINDS, type Source } from '../importing/source.ts'
import { createVendorHttp } from '../importing/vendor-http.ts'
import { facts, table, type Screen } from '../table.ts'

interface Vendor {
  readonly id: 'sendgrid' | 'mandrill' | 'resend'
  readonly name: string
  /** Where its API is. */
  readonly baseUrl: string
  /** The variable in which its own tools look for the key. */
  readonly variable: string
  open(given: { readonly key: string; readonly baseUrl: string; readonly signal: AbortSignal }): Source
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

const VENDORS: readonly Vendor[] = [
  {
    id: 'sendgrid',
    name: 'SendGrid',
    baseUrl: 'https://api.sendgrid.com',
    variable: 'SENDGRID_API_KEY',
    open: ({ key, ...to }) =>
      sendgridSource(createVendorHttp({ vendor: 'SendGrid', headers: bearer(key), key, ...to })),
  },
  {
    id: 'mandrill',
    name: 'Mandrill',
    baseUrl: 'https://mandrillapp.com/api/1.0',
    variable: 'MANDRILL_API_KEY',
    open: ({ key, ...to }) =>
      mandrillSource(createVendorHttp({ vendor: 'Mandrill', headers: {}, key, ...to }), key),
  },
  {
    id: 'resend',
    name: 'Resend',
    baseUrl: 'https://api.resend.com',
    variable: 'RESEND_API_KEY',
    open: ({ key, ...to }) =>
      resendSource(createVendorHttp({ vendor: 'Resend', headers: bearer(key), key, ...to })),
  },
]

const only = choicesOf('only', 'KIND', KINDS, 'What to bring over. Default: everything.')
const dryRun = toggle('dry-run', 'Write nothing here: tell what would be brought over, and what would not.')
const from = text('from', 'URL', 'Where the vendor’s API is, if not at its own address.')
const keyFile = text('vendor-key-file', 'FILE', 'A file that holds the vendor’s API key and nothing else.')
const KEY_CHARS_MAX = 1_000

function importCommand(vendor: Vendor): Command {
  return {
    path: ['import', vendor.id],
    summary: `Bring over templates, suppressions, domains and webhooks from ${vendor.name}`,
    description: `Reads them with an API key of ${vendor.name} and writes nothing there. The key is read from ${vendor.variable}, from a file or from the terminal, and goes to ${vendor.name} only. It can be run again: what is here stays, what changed there is changed here. Templates keep the id that programs name as their alias. What could not be brought over is told with its cause, and the exit code is then 1. More: docs/migrate/${vendor.id}.md.`,
    operations: [
      'templates.preview',
      'templates.get',
      'templates.getVersion',
      'templates.create',
      'templates.createVersion',
      'templates.publish',
      'suppressionImports.start',
      'suppressionImports.addLines',
      'domains.list',
      'domains.add',
      'webhooks.list',
      'webhooks.create',
      ...(vendor.id === 'sendgrid' ? ['topics.list', 'topics.create', 'topicSuppressions.add'] : []),
      ...(vendor.id === 'mandrill'
        ? [
            'subaccounts.list',
            'subaccounts.create',
            'subaccounts.update',
            'suppressionExemptions.list',
            'suppressionExemptions.add',
          ]
        : []),
    ],
    flags: [only, dryRun, from, keyFile],
    examples: [
      { line: `bulkhead import ${vendor.id} --dry-run`, says: 'what would come over, and what would not?' },
      {
        line: `bulkhead import ${vendor.id} --only suppressions`,
        says: 'the list of who must not be mailed first',
      },
    ],
    async run(context, given) {
      const key = await vendorKey(context, given, vendor)
      const source = vendor.open({
        key,
        baseUrl: baseUrlOf(given.flag(from) ?? vendor.baseUrl),
        signal: context.signal,
      })
      const chosen = given.flag(only)
      const { report, failure } = await bring(
        {
          client: context.client(),
          source,
          dryRun: given.flag(dryRun),
          signal: context.signal,
          progress: (label) => context.out.progress(label, null),
        },
        chosen.length === 0 ? KINDS : chosen,
      )
      context.out.show(report, (screen) => renderReport(report, screen))
      // What was done before is told first: the secrets of webhooks are shown this once.
      if (failure !== undefined) throw failure.error
      const hasFailed = report.items.some(({ outcome }) => outcome === 'failed')
      return hasFailed || (report.suppressions?.refused ?? 0) > 0 ? EXIT.refused : EXIT.ok
    },
  }
}

function baseUrlOf(typed: string): string {
  if (!URL.canParse(typed) || !/^https?:$/.test(new URL(typed).protocol))
    throw new UsageError(`--from ${typed}: write a URL, such as https://api.example.com.`)
  const { protocol, hostname } = new URL(typed)
  if (protocol === 'http:' && !/^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname))
    throw new UsageError(
      `--from ${typed}: the vendor’s key would cross the network in clear text; use https.`,
    )
  return typed
}

async function vendorKey(context: Context, given: Given, vendor: Vendor): Promise<string> {
  const path = given.flag(keyFile)
  const key =
    path === undefined
      ? (context.env[vendor.variable] ?? (await context.ask(`API key of ${vendor.name}: `, { hidden: true })))
      : readLocal(path, KEY_CHARS_MAX).toString('utf8')
  const trimmed = key.trim()
  if (!/^[\x21-\x7e]+$/.test(trimmed))
    throw new UsageError(`No API key of ${vendor.name}: set ${vendor.variable}, or give --vendor-key-file.`)
  return trimmed
}

function renderReport(report: Report, screen: Screen): string {
  const kinds = [...new Set(report.items.map(({ kind }) => kind))]
  const count = (kind: string, outcome: string): string =>
    String(report.items.filter((item) => item.kind === kind && item.outcome === outcome).length)
  const { suppressions } = report
  const title = report.dryRun ? 'Nothing was written. It would be:\n' : ''
  const summary = table(
    [
      { title: 'KIND', of: (kind: string) => kind },
      ...OUTCOMES.map((outcome) => ({
        title: (report.dryRun && outcome !== 'left' ? outcome : outcome).toUpperCase(),
        of: (kind: string) => count(kind, outcome),
        align: 'right' as const,
      })),
    ],
    kinds,
    screen,
  )
  const told = report.items.filter(
    ({ outcome, secret }) => outcome === 'failed' || outcome === 'left' || secret !== undefined,
  )
  return [
    screen.paint.yellow(title),
    kinds.length === 0 ? '' : summary,
    suppressions === null
      ? ''
      : `\n${facts(
          [
            ['Suppressions read', String(suppressions.read)],
            ['New or wider', String(suppressions.added)],
            ['There before', String(suppressions.unchanged)],
            ['Refused', String(suppressions.refused)],
          ],
          screen,
        )}`,
    told.length === 0 ? '' : `\n${told.map((item) => lineOf(item, screen)).join('')}`,
  ].join('')
}

function lineOf(item: Brought, screen: Screen): string {
  const head = `${item.kind} ${item.name}: `
  if (item.secret !== undefined)
    return `${head}${screen.paint.yellow(`${item.secret} (shown this once)`)} ${item.detail ?? ''}\n`
  return `${head}${item.outcome === 'failed' ? screen.paint.red('failed') : 'left'}: ${item.detail ?? ''}\n`
}

export const importCommands: readonly Command[] = VENDORS.map(importCommand)
