import { createReadStream, existsSync, statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { CHOICES, type AuditItem } from '@bulkhead/sdk'
import { parseVerifierKey, TlogFault, verifyExport, verifyLog } from '@bulkhead/tlog'
import type { Trust, Verdict } from '@bulkhead/tlog'
import { directorySource, urlSource } from '../audit/sources.ts'
import {
  argument,
  choice,
  text,
  texts,
  toggle,
  whole,
  type Command,
  type Context,
  type Given,
} from '../command.ts'
import { EXIT, UsageError } from '../failure.ts'
import { readLocal, writeOutput } from '../files.ts'
import { actorOfId, idOf, idOfActor } from '../ids.ts'
import { clock, relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { facts, table, type Screen } from '../table.ts'
import { detailText } from '../timeline.ts'

const action = text('action', 'ACTION', 'Only this action, for example api_key.created.')
const actor = text('actor', 'ACTOR', 'Only acts of this actor: key_…, smtp_…, stf_…, or process:api.')
const target = text('target', 'ID', 'Only acts on this thing.')
const filters = [action, actor, target]
const POLL_MS = 1_000
const PAGE = 100
const CHECKPOINT_BYTES_MAX = 1_000_000

function filterOf(given: Given): { action?: string; actor?: string; target?: string } {
  const actorGiven = given.flag(actor)
  return {
    ...optional('action', given.flag(action)),
    ...optional('actor', actorGiven === undefined ? undefined : actorOfId(actorGiven)),
    ...optional('target', given.flag(target)),
  }
}

function optional<Name extends string>(name: Name, value: string | undefined): Partial<Record<Name, string>> {
  const found: Partial<Record<Name, string>> = {}
  if (value !== undefined) found[name] = value
  return found
}

const installation = toggle(
  'installation',
  "The records that belong to no workspace; needs the operator's key.",
)

const list: Command = {
  path: ['audit', 'list'],
  summary: 'Who did what in the workspace, newest first',
  operations: ['audit.list', 'audit.listInstallation'],
  flags: [...filters, installation, ...listFlags],
  examples: [
    { line: 'bulkhead audit list --action api_key.created', says: 'when keys were made, and by whom' },
    { line: 'bulkhead audit list --action keyring.unwrapped', says: 'what processes have opened' },
    {
      line: 'bulkhead audit list --installation --action keyring.refused',
      says: 'what the keyring refused, for the operator',
    },
  ],
  run: (context, given) => {
    const ofInstallation = given.flag(installation)
    const { audit } = ofInstallation ? context.operator() : context.client()
    return showList(
      context,
      given,
      (page) =>
        ofInstallation
          ? audit.listInstallation({ ...filterOf(given), ...page })
          : audit.list({ ...filterOf(given), ...page }),
      renderEntries,
      'No entry of the audit log matches.',
    )
  },
}

/** Containments, staff and epochs write the bare UUID of what they concern. */
function targetOf(row: { readonly action: string | null; readonly target: string | null }): string | null {
  if (row.target === null) return null
  if (row.action?.startsWith('containment.') === true) return idOf('ctm', row.target)
  if (row.action?.startsWith('staff.') === true) return idOf('stf', row.target)
  return row.action === 'epoch.bumped' ? idOf('ws', row.target) : idOfActor(row.target)
}

function renderEntries(items: readonly AuditItem[], screen: Screen): string {
  return table(
    [
      { title: 'ENTRY', of: (row) => String(row.index), align: 'right' },
      { title: 'WHEN', of: (row) => relative(row.at, screen.now) },
      { title: 'ACTION', of: (row) => row.action },
      { title: 'ACTOR', of: (row) => idOfActor(row.actor) },
      { title: 'TARGET', of: (row) => targetOf(row) ?? '-' },
    ],
    items,
    screen,
  )
}

const entryIndex = argument('ENTRY', 'The number of the entry, from audit list.')

const show: Command = {
  path: ['audit', 'show'],
  summary: 'Show an entry and the proof that it is in the log',
  operations: ['audit.get'],
  arguments: [entryIndex],
  examples: [{ line: 'bulkhead audit show 4711', says: 'with the proof as --json' }],
  async run(context, given) {
    const asked = given.argument(entryIndex)
    if (!/^\d{1,15}$/.test(asked)) throw new UsageError(`${asked} is not the number of an entry.`)
    const entry = await context.client().audit.get(Number(asked))
    context.out.show(entry, (screen) =>
      facts(
        [
          ['Entry', String(entry.index)],
          ['Number', entry.number === null ? '(erased)' : String(entry.number)],
          ['When', `${clock(entry.at)} UTC`],
          ['Action', entry.action],
          ['Actor', idOfActor(entry.actor)],
          ['Target', targetOf(entry)],
          ['Process', entry.process],
          ['Detail', entry.detail === null ? '(erased)' : detailText(entry.detail)],
          ['Proof', entry.proof === null ? 'not yet under a checkpoint' : 'in --json'],
        ],
        screen,
      ),
    )
  },
}

const tail: Command = {
  path: ['audit', 'tail'],
  summary: 'Follow the audit log: a line per act as it happens',
  operations: ['audit.list'],
  flags: filters,
  examples: [{ line: 'bulkhead audit tail --json', says: 'one JSON object per line' }],
  async run(context, given) {
    const client = context.client()
    const filter = filterOf(given)
    let last = (await client.audit.list({ ...filter, limit: 1 })).data[0]?.index ?? -1
    for (;;) {
      const fresh: AuditItem[] = []
      for await (const entry of client.audit.listAll({ ...filter, limit: PAGE })) {
        if (entry.index <= last) break
        fresh.push(entry)
      }
      for (const entry of fresh.reverse())
        context.out.line(
          entry,
          () => `${clock(entry.at)}  ${entry.action}  ${idOfActor(entry.actor)}  ${targetOf(entry) ?? ''}\n`,
        )
      last = fresh.at(-1)?.index ?? last
      await sleep(POLL_MS, undefined, { signal: context.signal })
    }
  },
}

const state: Command = {
  path: ['audit', 'state'],
  summary: 'Where the log stands: signed, cosigned, or why it waits',
  operations: ['audit.state'],
  examples: [{ line: 'bulkhead audit state', says: 'the key, the size, what each witness last cosigned' }],
  async run(context) {
    const found = await context.client().audit.state()
    context.out.show(found, (screen) =>
      [
        facts(
          [
            ['Entries', `${found.size}, of which ${found.checkpointSize} are signed`],
            ['Signed', found.checkpointAt === null ? 'never' : relative(found.checkpointAt, screen.now)],
            [
              'Waiting',
              found.waitingSince === null ? 'nothing' : `since ${relative(found.waitingSince, screen.now)}`,
            ],
            ['Problem', found.problem],
            ['Key', found.vkey],
          ],
          screen,
        ),
        found.witnesses.length === 0
          ? 'No witness cosigns this log.\n'
          : table(
              [
                { title: 'WITNESS', of: (row) => row.name },
                {
                  title: 'COSIGNED',
                  of: (row) => (row.size === null ? '-' : String(row.size)),
                  align: 'right',
                },
                { title: 'MISSED', of: (row) => String(row.failures), align: 'right' },
                { title: 'PROBLEM', of: (row) => row.problem ?? '-' },
              ],
              found.witnesses,
              screen,
            ),
      ].join('\n'),
    )
  },
}

const output = text('output', 'FILE', 'Write to a file (mode 0600) instead of standard output.')
const format = choice(
  'format',
  CHOICES['audit.export'].format,
  'native, or ecs for the fields of the Elastic Common Schema.',
)
const from = whole('from', 0, 'First entry.')
const sinceFile = text('since', 'FILE', 'A checkpoint that was kept earlier.')

const exportCommand: Command = {
  path: ['audit', 'export'],
  summary: 'Write the audit log of the workspace with its proofs, as NDJSON',
  description:
    'Everything that `bulkhead audit verify` needs is in the file. With --since it also proves that the log still begins with an older checkpoint.',
  operations: ['audit.export'],
  flags: [...filters, format, from, sinceFile, output],
  examples: [
    { line: 'bulkhead audit export --output audit.ndjson', says: 'all of it' },
    { line: 'bulkhead audit export --format ecs --from 4711', says: 'what is new, for a SIEM' },
  ],
  async run(context, given) {
    const client = context.client()
    const parts: string[] = []
    let next: number | null = given.flag(from)
    let since = sinceSize(given.flag(sinceFile))
    const progress = context.out.progress('Exporting', null)
    while (next !== null) {
      const part: string = Buffer.from(
        await client.audit.export({
          ...filterOf(given),
          from: next,
          format: given.flag(format) ?? 'native',
          ...(since === null ? {} : { since }),
        }),
      ).toString('utf8')
      parts.push(part)
      const lines = part.trimEnd().split('\n')
      progress.advance(lines.length - 2)
      const [head, end] = [exportLine(lines[0]), exportLine(lines.at(-1))]
      since = numberOf(head, 'size')
      next = end['more'] === true ? numberOf(end, 'next') : null
    }
    progress.end()
    writeOutput(context, given.flag(output), parts.join(''))
  },
}
function sinceSize(file: string | undefined): number | null {
  if (file === undefined) return null
  const size = Number(readLocal(file, CHECKPOINT_BYTES_MAX).toString('utf8').split('\n')[1])
  if (!Number.isSafeInteger(size)) throw new UsageError(`${file} is not a checkpoint.`)
  return size
}

function exportLine(line: string | undefined): Record<string, unknown> {
  const value: unknown = JSON.parse(line ?? '{}')
  const outer = isRecord(value) ? value : {}
  const wrapped = isRecord(outer['bulkhead']) ? outer['bulkhead']['export'] : outer
  return isRecord(wrapped) ? wrapped : {}
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function numberOf(line: Record<string, unknown>, name: string): number | null {
  const value = line[name]
  return typeof value === 'number' ? value : null
}

const what = argument(
  'WHAT',
  'An export (NDJSON), the directory of a log, or the address of one: https://…/audit.',
)
const keyFlag = text(
  'vkey',
  'VKEY',
  'The key of the log, from `bulkhead audit state` on a day you trusted it.',
)
const witnessFlag = texts('witness', 'VKEY', 'A witness that must have cosigned.')
const verifySince = text(
  'since',
  'FILE',
  'A checkpoint that was kept earlier: the log must still begin with it.',
)

const verify: Command = {
  path: ['audit', 'verify'],
  summary: 'Prove that an audit log was not rewritten, offline',
  description:
    'Checks signatures, witnesses, the tree, every record, and that the keyring recorded what it opened. It needs no server. Each line says what was proved, what failed, and what is open and why. The exit code is 1 where anything failed.',
  operations: [],
  arguments: [what],
  flags: [keyFlag, witnessFlag, verifySince],
  examples: [
    {
      line: 'bulkhead audit verify audit.ndjson --vkey "$(cat log.vkey)"',
      says: 'an export, with the key you know',
    },
    {
      line: 'bulkhead audit verify https://mail.example.com/audit --since checkpoint.old',
      says: 'that nothing was rewritten since',
    },
  ],
  async run(context, given) {
    const verdict = await verifyWhat(context, given)
    context.out.show(verdict, (screen) => renderVerdict(verdict, screen))
    return verdict.ok ? EXIT.ok : EXIT.refused
  },
}

async function verifyWhat(context: Context, given: Given): Promise<Verdict> {
  const asked = given.argument(what)
  const trust = trustOf(given)
  if (/^https?:\/\//.test(asked)) return verifyLog(urlSource(asked, context.signal), trust)
  if (!existsSync(asked))
    throw new UsageError(`${asked} is not there: name a file, a directory or an address.`)
  if (statSync(asked).isDirectory()) return verifyLog(directorySource(asked), trust)
  const lines = createInterface({ input: createReadStream(asked), crlfDelay: Number.POSITIVE_INFINITY })
  return verifyExport(lines, trust)
}

/** A checkpoint that was kept, also one that an editor or `jq -r` ended with a newline more. */
function checkpointOf(file: string): string {
  return readLocal(file, CHECKPOINT_BYTES_MAX).toString('utf8').trimEnd() + '\n'
}

function trustOf(given: Given): Trust {
  try {
    const key = given.flag(keyFlag)
    const since = given.flag(verifySince)
    return {
      key: key === undefined ? null : parseVerifierKey(key),
      witnesses: given.flag(witnessFlag).map(parseVerifierKey),
      since: since === undefined ? null : checkpointOf(since),
    }
  } catch (error) {
    if (error instanceof TlogFault) throw new UsageError(`${error.message}.`)
    throw error
  }
}

function renderVerdict(verdict: Verdict, screen: Screen): string {
  const { paint } = screen
  const words = { proved: paint.green('proved'), failed: paint.red('FAILED'), open: paint.yellow('open  ') }
  const lines = verdict.findings.map(
    (finding) => `${words[finding.state]}  ${finding.what}: ${finding.detail}`,
  )
  const end = verdict.ok
    ? paint.green('The log holds what it promises.')
    : paint.red('The log does not hold what it promises.')
  return `${lines.join('\n')}\n\n${end}\n`
}

export const auditCommands: readonly Command[] = [list, show, tail, state, exportCommand, verify]
