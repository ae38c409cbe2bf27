import { STAFF_CHOICES, type Staff } from '@bulkhead/sdk'
import { argument, choice, choicesOf, instant, requiredText, text, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'
import { idOfActor } from '../ids.ts'
import { relative } from '../instants.ts'
import { facts, table } from '../table.ts'

const workspace = text('workspace', 'ID', 'The workspace, ws_…; left out: the whole installation.')
const credential = text('credential', 'ID', 'Only this credential of the workspace, key_… or smtp_….')
const capabilities = choicesOf(
  'capability',
  'WHAT',
  STAFF_CHOICES['staffContainments.create'].capabilities,
  'What is cut off; repeat it or use commas. deliver:bulk holds a lane.',
)
const actorClass = choice(
  'class',
  STAFF_CHOICES['staffContainments.create'].actorClass,
  'The kind of process that is cut off. Default: any.',
)
const reasonCode = choice(
  'reason-code',
  STAFF_CHOICES['staffContainments.create'].reasonCode,
  'Kind of reason. Default: security_hold.',
)
const told = requiredText('reason', 'TEXT', 'What the blocked party is told.')
const why = requiredText('reason', 'TEXT', 'Why, for the audit log.')
const incident = text('incident', 'NAME', 'Name or number of the incident.')
const until = instant('until', 'future', 'When it ends by itself. Default: in 24 hours; at most 30 days.')
const containment = argument('CONTAINMENT', 'Its id, ctm_….')
const credentialId = argument('CREDENTIAL', 'Its id, key_… or smtp_….')
const kind = choice('class', STAFF_CHOICES['staffEpochs.bump'].class, 'Which kind of credential ends.')

interface Reach {
  readonly scope: 'installation' | 'workspace' | 'credential'
  readonly workspaceId?: string
  readonly credentialId?: string
}

function reachOf(workspaceId: string | undefined, credentialIdGiven: string | undefined): Reach {
  if (credentialIdGiven !== undefined && workspaceId === undefined)
    throw new UsageError('--credential needs --workspace: the workspace it belongs to.')
  if (workspaceId === undefined) return { scope: 'installation' }
  if (credentialIdGiven === undefined) return { scope: 'workspace', workspaceId }
  return { scope: 'credential', workspaceId, credentialId: credentialIdGiven }
}

function boundOf(row: Staff.StaffContainment): string {
  const who =
    row.scope === 'installation'
      ? 'the installation'
      : row.scope === 'workspace'
        ? 'the workspace'
        : idOfActor(row.subject ?? row.scope)
  return row.actorClass === 'any' ? who : `${who}, ${row.actorClass}`
}

const contain: Command = {
  path: ['staff', 'contain'],
  summary: 'Contain the installation, a workspace or a credential, as staff',
  description: 'When it returns, nothing that it forbids is in flight. Two members of staff lift it.',
  operations: ['staffContainments.create'],
  flags: [workspace, credential, capabilities, actorClass, reasonCode, told, incident, until],
  examples: [
    {
      line: 'bulkhead staff contain --workspace ws_01jq… --capability send --reason "Phishing was reported" --incident INC-7',
      says: 'the workspace sends nothing for a day',
    },
    {
      line: 'bulkhead staff contain --capability deliver:bulk --reason "A provider is down" --until 2h',
      says: 'holds the bulk lane of all',
    },
  ],
  async run(context, given) {
    const cut = given.flag(capabilities)
    if (cut.length === 0) throw new UsageError('--capability is missing: say what is cut off.')
    const made = await context.staff().staffContainments.create({
      ...reachOf(given.flag(workspace), given.flag(credential)),
      capabilities: cut,
      actorClass: given.flag(actorClass),
      reasonCode: given.flag(reasonCode),
      reason: given.flag(told),
      incident: given.flag(incident),
      until: given.flag(until),
    })
    context.out.show(made, (screen) =>
      facts(
        [
          ['Containment', made.id],
          ['Until', `${made.until} (${relative(made.until, screen.now)})`],
          ['Ended by force', made.ended > 0 ? `${made.ended} unfinished transactions` : null],
        ],
        screen,
      ),
    )
  },
}

const preview: Command = {
  path: ['staff', 'preview'],
  summary: 'Show what a containment would stop, by lane',
  operations: ['staffContainments.preview'],
  flags: [workspace, credential],
  examples: [{ line: 'bulkhead staff preview --workspace ws_01jq…', says: 'what would it cost?' }],
  async run(context, given) {
    const shown = await context
      .staff()
      .staffContainments.preview(reachOf(given.flag(workspace), given.flag(credential)))
    context.out.show(shown, (screen) =>
      table(
        [
          { title: 'LANE', of: (row) => row.lane },
          { title: 'LAST HOUR', of: (row) => String(row.acceptedLastHour) },
          { title: 'WAITING', of: (row) => String(row.waiting) },
        ],
        shown.data,
        screen,
      ),
    )
  },
}

const containments: Command = {
  path: ['staff', 'containments'],
  summary: 'List containments, the youngest first',
  operations: ['staffContainments.list'],
  flags: [workspace],
  examples: [{ line: 'bulkhead staff containments', says: 'what is cut off, and who asked for a lift' }],
  async run(context, given) {
    const found = await context.staff().staffContainments.list({ workspaceId: given.flag(workspace) })
    context.out.show(found, (screen) =>
      found.data.length === 0
        ? 'Nothing was ever contained.\n'
        : table(
            [
              { title: 'STATE', of: (row) => row.state.replace('_', ' ') },
              { title: 'BINDS', of: boundOf, whole: true },
              { title: 'WORKSPACE', of: (row) => row.workspaceId ?? '-', whole: true },
              { title: 'FROM', of: (row) => row.capabilities.join(',') },
              { title: 'UNTIL', of: (row) => relative(row.endedAt ?? row.until, screen.now) },
              { title: 'REASON', of: (row) => row.reason },
              { title: 'ID', of: (row) => row.id, whole: true },
            ],
            found.data,
            screen,
          ),
    )
  },
}

const requestLift: Command = {
  path: ['staff', 'request-lift'],
  summary: 'Ask for a containment to be lifted',
  description: 'Needs a staff key. Another member of staff approves with: bulkhead staff lift.',
  operations: ['staffContainments.requestLift'],
  arguments: [containment],
  flags: [why],
  examples: [
    { line: 'bulkhead staff request-lift ctm_01jq… --reason "It is over"', says: 'the first of two' },
  ],
  async run(context, given) {
    const id = given.argument(containment)
    await context.staff().staffContainments.requestLift(id, { reason: given.flag(why) })
    context.out.show({ requested: id }, () => `Asked. ${id} stays in force until another member lifts it.\n`)
  },
}

const lift: Command = {
  path: ['staff', 'lift'],
  summary: 'Approve the lift of a containment that another member asked for',
  description: 'Needs a staff key. Both members were staff before the containment was made.',
  operations: ['staffContainments.lift'],
  arguments: [containment],
  flags: [why],
  examples: [{ line: 'bulkhead staff lift ctm_01jq… --reason "It is over"', says: 'the second of two' }],
  async run(context, given) {
    const id = given.argument(containment)
    await context.staff().staffContainments.lift(id, { reason: given.flag(why) })
    context.out.show({ lifted: id }, () => `Lifted ${id}.\n`)
  },
}

const bump: Command = {
  path: ['staff', 'bump'],
  summary: 'End every credential of a kind, of a workspace or of all',
  description: 'What was made until now is dead within a second. This cannot be taken back.',
  operations: ['staffEpochs.bump'],
  flags: [workspace, kind, why],
  examples: [
    {
      line: 'bulkhead staff bump --workspace ws_01jq… --class api_key --reason "Keys were published"',
      says: 'every API key of that workspace',
    },
    { line: 'bulkhead staff bump --class any --reason "The host was taken"', says: 'everybody' },
  ],
  async run(context, given) {
    const asked = given.flag(kind)
    if (asked === undefined) throw new UsageError('--class is missing: say which kind of credential ends.')
    const id = given.flag(workspace)
    const bumped = await context.staff().staffEpochs.bump({
      ...(id === undefined
        ? { scope: 'installation' as const }
        : { scope: 'workspace' as const, workspaceId: id }),
      class: asked,
      reason: given.flag(why),
    })
    context.out.show(bumped, () => `Ended ${id === undefined ? 'everywhere' : `in ${id}`}: ${asked}.\n`)
  },
}

const revokeCredential: Command = {
  path: ['staff', 'revoke-credential'],
  summary: 'Revoke an API key or an SMTP credential of any workspace',
  operations: ['staffCredentials.revoke'],
  arguments: [credentialId],
  flags: [why],
  examples: [
    {
      line: 'bulkhead staff revoke-credential key_01jq… --reason "Found in a public repository"',
      says: 'the workspace sees who and why',
    },
  ],
  async run(context, given) {
    const id = given.argument(credentialId)
    await context.staff().staffCredentials.revoke({ credentialId: id, reason: given.flag(why) })
    context.out.show({ revoked: id }, () => `Revoked ${id}.\n`)
  },
}

export const staffActCommands: readonly Command[] = [
  contain,
  preview,
  containments,
  requestLift,
  lift,
  bump,
  revokeCredential,
]
