import { CHOICES, type Client, type ContainmentsPreviewOutput } from '@bulkhead/sdk'
import { argument, choice, choicesOf, instant, requiredText, text, toggle, whole } from '../command.ts'
import type { Command, Given } from '../command.ts'
import { UsageError } from '../failure.ts'
import { relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { facts, table, type Screen } from '../table.ts'

type Made = Awaited<ReturnType<Client['containments']['get']>>
type Capability = ContainmentsPreviewOutput['rates'][number]['capability']

const CAPABILITIES = CHOICES['containments.create'].capabilities

/** What --all stands for. Reading stays open: whoever is cut off can see why and take out their own. */
const ALL_BUT_READ: readonly Capability[] = CAPABILITIES.filter(
  (word) => word !== 'read' && !word.includes(':'),
)

const capability = choicesOf('capability', 'WHAT', CAPABILITIES, 'What is cut off; repeat it or use commas.')
const all = toggle('all', `All of ${ALL_BUT_READ.join(', ')}. Reading stays open.`)
const credential = text('credential', 'ID', 'Only this API key (key_…) or SMTP credential (smtp_…).')
const actorClass = choice(
  'class',
  CHOICES['containments.create'].actorClass,
  'Only this kind of process. Default any.',
)
const reason = requiredText('reason', 'TEXT', 'Why: the blocked party reads it.')
const code = choice(
  'code',
  CHOICES['containments.create'].reasonCode,
  'Kind of reason. Default security_hold.',
)
const incident = text('incident', 'NAME', 'The incident that it belongs to.')
const evidence = text('evidence', 'LINK', 'Where the evidence is.')
const until = instant(
  'until',
  'future',
  'When it ends by itself. Default 24 hours from now, at most 30 days.',
)
const suspect = text('suspect', 'ID', 'Whom you suspect; everybody else counts as legitimate.')
const minutes = whole('minutes', 60, 'How far to look back.')
const id = argument('CONTAINMENT', 'Its id, ctm_….')

function wanted(given: Given): Capability[] {
  const named = given.flag(capability)
  if (given.flag(all)) return [...new Set([...ALL_BUT_READ, ...named])]
  if (named.length === 0)
    throw new UsageError('--capability is missing: say what is cut off, or --all for everything but reading.')
  return [...named]
}

const contain: Command = {
  path: ['contain'],
  summary: 'Cut something off in this workspace, for a time and with a reason',
  description:
    'When it returns, nothing that it forbids is in flight. Mail that was accepted waits; nothing else is changed. Look at bulkhead containments preview first. Two people lift it, with keys that were made before it.',
  operations: ['containments.create'],
  flags: [capability, all, credential, actorClass, reason, code, incident, evidence, until],
  examples: [
    {
      line: 'bulkhead contain --capability send,deliver --credential key_01j… --reason "Leaked in a repository" --incident INC-7',
      says: 'one leaked key; all others go on',
    },
    {
      line: 'bulkhead contain --capability deliver:bulk --until 2h --reason "We check a campaign"',
      says: 'hold bulk mail for two hours',
    },
  ],
  async run(context, given) {
    const made = await context.client().containments.create({
      capabilities: wanted(given),
      credential: given.flag(credential),
      actorClass: given.flag(actorClass),
      reason: given.flag(reason),
      reasonCode: given.flag(code),
      incident: given.flag(incident),
      evidence: given.flag(evidence),
      until: given.flag(until),
    })
    context.out.show(made, (screen) => {
      const notes = [
        made.ended > 0 ? `${made.ended} unfinished transactions were ended.\n` : '',
        made.unfinished > 0
          ? screen.paint.red(
              `${made.unfinished} transactions of a database superuser are still open and may commit.\n`,
            )
          : '',
      ]
      return `${render(made, screen)}${notes.join('')}`
    })
  },
}

const lift: Command = {
  path: ['lift'],
  summary: 'End a containment: the first person asks, the second one lifts',
  description:
    'Run it with two keys that were both made before the containment. The first run asks, the second lifts, at once. What staff contained only staff lift.',
  operations: ['containments.get', 'containments.requestLift', 'containments.lift'],
  arguments: [id],
  flags: [requiredText('reason', 'TEXT', 'Why it may end.')],
  examples: [
    { line: 'bulkhead lift ctm_01j… --reason "The key was replaced"', says: 'ask for it, or agree to it' },
  ],
  async run(context, given) {
    const client = context.client()
    const containmentId = given.argument(id)
    const why = given.flag(reason)
    const found = await client.containments.get(containmentId)
    const after =
      found.state === 'lift_requested'
        ? await client.containments.lift(containmentId, { reason: why })
        : await client.containments.requestLift(containmentId, { reason: why })
    context.out.show(after, (screen) => render(after, screen))
  },
}

const list: Command = {
  path: ['containments', 'list'],
  summary: 'List what is or was cut off, newest first',
  operations: ['containments.list'],
  flags: listFlags,
  examples: [{ line: 'bulkhead containments list', says: 'why does this not go out?' }],
  run: (context, given) => {
    const client = context.client()
    return showList(
      context,
      given,
      (page) => client.containments.list(page),
      (items, screen) =>
        table(
          [
            {
              title: 'STATE',
              of: (row) => row.state.replace('_', ' '),
              paint: (cell, row) => (row.inForce ? screen.paint.yellow(cell) : cell),
            },
            { title: 'BINDS', of: boundOf },
            { title: 'FROM', of: (row) => row.capabilities.join(',') },
            { title: 'UNTIL', of: (row) => relative(row.endedAt ?? row.until, screen.now) },
            { title: 'REASON', of: (row) => row.reason },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'Nothing is cut off.',
    )
  },
}

const show: Command = {
  path: ['containments', 'show'],
  summary: 'Show a containment: reason, end, and who asked to lift it',
  operations: ['containments.get'],
  arguments: [id],
  examples: [{ line: 'bulkhead containments show ctm_01j…', says: 'why, until when, who lifts it' }],
  async run(context, given) {
    const found = await context.client().containments.get(given.argument(id))
    context.out.show(found, (screen) => render(found, screen))
  },
}

const preview: Command = {
  path: ['containments', 'preview'],
  summary: 'Show what a containment would block, and what others would pay for it',
  description: 'By what the workspace did in the last hour. It changes nothing.',
  operations: ['containments.preview'],
  flags: [capability, all, credential, actorClass, suspect, minutes],
  examples: [
    {
      line: 'bulkhead containments preview --all --suspect key_01j…',
      says: 'what a hold of everything would cost, and the narrowest way',
    },
  ],
  async run(context, given) {
    const seen = await context.client().containments.preview({
      capabilities: wanted(given),
      credential: given.flag(credential),
      actorClass: given.flag(actorClass),
      suspect: given.flag(suspect),
      minutes: given.flag(minutes),
    })
    context.out.show(seen, (screen) => renderPreview(seen, screen))
  },
}

function boundOf(row: Made): string {
  const who = row.credential ?? (row.scope === 'installation' ? 'the installation' : 'the workspace')
  return row.actorClass === 'any' ? who : `${who}, ${row.actorClass}`
}

function render(made: Made, screen: Screen): string {
  return facts(
    [
      ['Containment', made.id],
      ['State', made.state.replace('_', ' ')],
      ['Binds', boundOf(made)],
      ['Cut off from', made.capabilities.join(', ')],
      ['Until', `${made.endedAt ?? made.until} (${relative(made.endedAt ?? made.until, screen.now)})`],
      ['Reason', `${made.reason} (${made.reasonCode})`],
      ['Incident', made.incident],
      ['Evidence', made.evidence],
      ['Made by', `${made.madeBy}, ${relative(made.madeAt, screen.now)}`],
      ['Lifted by', `${made.liftableBy}, two people`],
      ...made.approvals.map((approval): [string, string] => [
        approval.step === 'request' ? 'Asked to lift' : 'Lifted',
        `${approval.actor}, ${relative(approval.at, screen.now)}: ${approval.reason}`,
      ]),
    ],
    screen,
  )
}

const rate = (perMinute: number): string => (perMinute >= 10 ? perMinute.toFixed(0) : perMinute.toFixed(2))
const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`
const percent = (ratio: number | null): string => (ratio === null ? '-' : `${Math.round(ratio * 100)} %`)

function renderPreview(seen: ContainmentsPreviewOutput, screen: Screen): string {
  const { proposal } = seen
  return [
    seen.rates.length === 0
      ? `Nothing was done in the last ${seen.minutes} minutes.\n`
      : table(
          [
            { title: 'CAPABILITY', of: (row) => row.capability },
            { title: 'CLASS', of: (row) => row.actorClass },
            { title: 'WHO', of: (row) => row.actor ?? '-', whole: true },
            { title: 'PER MINUTE', of: (row) => rate(row.perMinute), align: 'right' },
            {
              title: 'WOULD BE',
              of: (row) => (row.blocked ? (row.suspicious ? 'blocked' : 'blocked, legitimate') : 'open'),
              paint: (cell, row) => (row.blocked && !row.suspicious ? screen.paint.red(cell) : cell),
            },
          ],
          seen.rates,
          screen,
        ),
    '\n',
    facts(
      [
        ['Blocked', `${rate(seen.blockedPerMinute)} per minute`],
        ['of it suspicious', `${rate(seen.suspiciousPerMinute)} per minute`],
        ['of it legitimate', `${rate(seen.legitimatePerMinute)} per minute`],
        ['Collateral', percent(seen.collateralRatio)],
        [
          'Waiting mail held',
          seen.waiting.map((row) => `${row.lane} ${row.blocked} of ${row.recipients}`).join(', ') || 'none',
        ],
        [
          'Live',
          [
            counted(seen.credentials.apiKeys, 'API key'),
            counted(seen.credentials.smtpCredentials, 'SMTP credential'),
            counted(seen.streams, 'stream'),
          ].join(', '),
        ],
        [
          'Proposed',
          `${proposal.credential ?? 'the workspace'}: ${proposal.capabilities.join(',')} (collateral ${percent(proposal.collateralRatio)})`,
        ],
        ['', proposal.why],
      ],
      screen,
    ),
  ].join('')
}

export const containmentCommands: readonly Command[] = [contain, lift, list, show, preview]
