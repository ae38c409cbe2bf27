import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, KeyringListShredsOutput, KeyringRotateOutput } from '@bulkhead/sdk'
import { argument, text, toggle, type Command, type Context } from '../command.ts'
import { EXIT, UsageError } from '../failure.ts'
import { clock, duration, relative } from '../instants.ts'
import { facts, table, type Screen } from '../table.ts'

const WATCH_MS = 500

type Rotation = KeyringRotateOutput
type Shred = KeyringListShredsOutput['data'][number]

const status: Command = {
  path: ['keyring', 'status'],
  summary: 'Which root wraps how many keys, budgets, and the last rotation',
  description: "For the operator: needs the operator's key. Shows fingerprints and counts, never a key.",
  operations: ['keyring.status'],
  examples: [{ line: 'bulkhead keyring status', says: 'is anything still wrapped by an old root?' }],
  async run(context) {
    const state = await context.operator().keyring.status()
    context.out.show(state, (screen) =>
      [
        facts(
          [
            ['Root', state.root],
            ['Previous roots', state.previousRoots.join(', ')],
            ['Database', state.database],
            ['Unwraps since it started', String(state.unwraps)],
          ],
          screen,
        ),
        '\n',
        table(
          [
            { title: 'ROOT', of: (row) => row.root, whole: true },
            { title: 'CONFIGURED', of: (row) => (row.configured ? 'yes' : 'no: these keys do not open') },
            { title: 'INSTALLATION KEYS', of: (row) => String(row.installationKeys), align: 'right' },
            { title: 'WORKSPACE KEYS', of: (row) => String(row.workspaceKeys), align: 'right' },
          ],
          state.roots,
          screen,
        ),
        '\n',
        table(
          [
            { title: 'PROCESS', of: (row) => row.process },
            {
              title: 'WORKSPACES AN HOUR',
              of: (row) => `${row.workspacesInHour} of ${row.workspacesPerHour}`,
              align: 'right',
            },
            {
              title: 'KEYS A MINUTE',
              of: (row) => `${row.keysInMinute} of ${row.keysPerMinute}`,
              align: 'right',
            },
          ],
          state.budgets.filter((row) => row.workspacesPerHour > 0),
          screen,
        ),
        state.rotation === null ? '' : `\n${renderRotation(state.rotation, screen)}`,
      ].join(''),
    )
  },
}

const rootOnly = toggle('root', 'Only wrap under the current root what an earlier one wrapped.')
const workspace = text('workspace', 'ID', 'Only new keys for this workspace.')
const watch = toggle('watch', 'Show progress until it is done; begins nothing where one runs already.')

const rotate: Command = {
  path: ['keyring', 'rotate'],
  summary: 'Make new keys and wrap what there is anew, while everything goes on',
  description:
    "For the operator: needs the operator's key. Without flags: the root and every workspace. It goes on by itself, also after a process was killed; Ctrl-C ends only the watching. Exit code 1 when it failed.",
  operations: ['keyring.rotate', 'keyring.rotation'],
  flags: [rootOnly, workspace, watch],
  examples: [
    {
      line: 'bulkhead keyring rotate --root --watch',
      says: 'after BULKHEAD_KEYRING_ROOT names a new root and BULKHEAD_KEYRING_PREVIOUS_ROOT the old one',
    },
    { line: 'bulkhead keyring rotate --workspace ws_01… --watch', says: 'new keys for one workspace' },
    { line: 'bulkhead keyring rotate', says: 'everything, once a year' },
  ],
  async run(context, given) {
    const client = context.operator()
    const workspaceId = given.flag(workspace)
    if (given.flag(rootOnly) && workspaceId !== undefined)
      throw new UsageError('--root and --workspace: write one of them.')
    const wanted =
      workspaceId === undefined
        ? ({ scope: given.flag(rootOnly) ? 'root' : 'all' } as const)
        : ({ scope: 'workspace', workspaceId } as const)
    const isWatched = given.flag(watch)
    const running = isWatched ? (await client.keyring.rotation()).rotation : null
    const begun = running?.state === 'running' ? running : await client.keyring.rotate(wanted)
    const last = isWatched ? await follow(client, context, begun) : begun
    context.out.show(last, (screen) => renderRotation(last, screen))
    return last.state === 'failed' ? EXIT.refused : EXIT.ok
  },
}

/** Shows progress until the rotation ends, and answers how it did. */
async function follow(client: Client, context: Context, begun: Rotation): Promise<Rotation> {
  let now = begun
  let shown = 0
  let progress: ReturnType<Context['out']['progress']> | undefined
  for (;;) {
    if (now.total !== null) {
      progress ??= context.out.progress('Keys wrapped anew', now.total)
      progress.advance(now.done - shown)
      shown = now.done
    }
    if (now.state !== 'running') break
    await sleep(WATCH_MS, undefined, { signal: context.signal })
    const found = (await client.keyring.rotation()).rotation
    if (found !== null) now = found
  }
  progress?.end()
  return now
}

function renderRotation(rotation: Rotation, screen: Screen): string {
  const { total, keysPerSecond, secondsLeft } = rotation
  return facts(
    [
      ['Rotation', `${rotation.scope}${rotation.workspaceId === null ? '' : ` ${rotation.workspaceId}`}`],
      ['State', rotation.state],
      ['Keys', total === null ? String(rotation.done) : `${rotation.done} of ${total}`],
      ['Rate', keysPerSecond === null ? null : `${Math.round(keysPerSecond)} keys a second`],
      ['Left', secondsLeft === null ? null : duration(secondsLeft * 1000)],
      ['Begun', `${clock(rotation.startedAt)} UTC`],
      ['Ended', rotation.finishedAt === null ? null : `${clock(rotation.finishedAt)} UTC`],
      ['Error', rotation.error],
    ],
    screen,
  )
}

const whose = argument('WORKSPACE', 'Id of the workspace.')
const cancel = toggle('cancel', 'Take a request back that still waits.')

const shred: Command = {
  path: ['keyring', 'shred'],
  summary: "Destroy a workspace's keys after a delay, for good",
  description:
    "For the operator: needs the operator's key. Until its time has come the request can be cancelled; then nothing that is sealed for the workspace ever opens again in this database. Backups open what they held until their root key is destroyed too: docs/operations.md.",
  operations: ['keyring.requestShred', 'keyring.cancelShred'],
  arguments: [whose],
  flags: [cancel],
  examples: [
    {
      line: 'bulkhead keyring shred ws_01…',
      says: 'in seven days, unless BULKHEAD_SHRED_DELAY_HOURS differs',
    },
    { line: 'bulkhead keyring shred ws_01… --cancel', says: 'not after all' },
  ],
  async run(context, given) {
    const { keyring } = context.operator()
    const id = given.argument(whose)
    const result = given.flag(cancel) ? await keyring.cancelShred(id) : await keyring.requestShred(id)
    context.out.show(result, (screen) =>
      facts(
        [
          ['Workspace', result.workspaceId],
          ['State', result.state],
          [
            'Keys go',
            result.state === 'pending'
              ? `${clock(result.executeAt)} UTC, ${relative(result.executeAt, screen.now)}`
              : null,
          ],
        ],
        screen,
      ),
    )
  },
}

const shreds: Command = {
  path: ['keyring', 'shreds'],
  summary: 'Workspaces whose keys are to be destroyed or were, and what ended with them',
  description:
    "For the operator: needs the operator's key. The latest first. Ended: recipients that waited and are expired, webhooks that waited and are failed, records of the audit log that were erased.",
  operations: ['keyring.listShreds'],
  examples: [{ line: 'bulkhead keyring shreds', says: 'what waits, and until when' }],
  async run(context) {
    const found = await context.operator().keyring.listShreds()
    context.out.show(found, (screen) =>
      found.data.length === 0 ? 'Nothing is to be shredded.\n' : renderShreds(found.data, screen),
    )
  },
}

function renderShreds(rows: readonly Shred[], screen: Screen): string {
  return table(
    [
      { title: 'WORKSPACE', of: (row) => row.workspaceId, whole: true },
      { title: 'STATE', of: (row) => row.state },
      { title: 'ASKED', of: (row) => relative(row.requestedAt, screen.now) },
      {
        title: 'KEYS GO',
        of: (row) => (row.state === 'pending' ? relative(row.executeAt, screen.now) : '-'),
      },
      { title: 'GONE SINCE', of: (row) => relative(row.startedAt, screen.now) },
      { title: 'ENDED WITH IT', of: endedText },
    ],
    rows,
    screen,
  )
}

function endedText({ state, ended }: Shred): string {
  if (ended === null) return state === 'shredded' ? 'not noted yet' : '-'
  const parts = [
    [ended.mail, 'recipient'],
    [ended.webhooks, 'webhook'],
    [ended.auditRecords, 'audit record'],
  ] as const
  return parts.map(([count, noun]) => `${count} ${noun}${count === 1 ? '' : 's'}`).join(', ')
}

export const keyringCommands: readonly Command[] = [status, rotate, shred, shreds]
