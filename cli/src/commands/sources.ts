import type { RoutingListOutput, SourcesListOutput } from '@bulkhead/sdk'
import {
  argument,
  choice,
  choicesOf,
  instant,
  requiredText,
  text,
  type Command,
  type Context,
} from '../command.ts'
import { UsageError } from '../failure.ts'
import { relative } from '../instants.ts'
import { table, type Screen } from '../table.ts'

const LANES = ['critical', 'transactional', 'bulk', 'internal'] as const

type Source = SourcesListOutput['data'][number]
type Route = RoutingListOutput['data'][number]

const which = argument('SOURCE', 'Name of a source, as the shaping file has it.')
const provider = text('provider', 'NAME', 'At this provider only.')

const list: Command = {
  path: ['sources', 'list'],
  summary: 'Where mail leaves from, what rests, and how far warm-ups are',
  description:
    "For the operator: needs the operator's key. As the senders of all hosts tell it. NOW: whether a live host can use it.",
  operations: ['sources.list'],
  examples: [
    { line: 'bulkhead sources list', says: 'which addresses are in use, which rest, what is left of today' },
    { line: 'bulkhead sources list --json', says: 'with the replies that led to a rest' },
  ],
  async run(context) {
    const found = await context.operator().sources.list()
    context.out.show(found, (screen) =>
      found.data.length === 0 ? 'No sender has told of a source yet.\n' : render(found.data, screen),
    )
  },
}

function render(sources: readonly Source[], screen: Screen): string {
  const hosts = sources.flatMap((source) => source.hosts.map((host) => ({ source, host })))
  const warmUps = sources.flatMap((source) => source.warmUps.map((warmUp) => ({ source, warmUp })))
  const pauses = sources.flatMap((source) => source.pauses.map((pause) => ({ source, pause })))
  return [
    table(
      [
        { title: 'SOURCE', of: ({ source }) => source.name, whole: true },
        { title: 'HOST', of: ({ host }) => host.host },
        { title: 'ADDRESSES', of: ({ host }) => host.addresses.join(', ') || 'any' },
        { title: 'EHLO', of: ({ host }) => host.ehloName },
        { title: 'WEIGHT', of: ({ host }) => String(host.weight), align: 'right' },
        { title: 'POOLS', of: ({ host }) => host.pools.join(', ') },
        { title: 'NOW', of: ({ source, host }) => stateOf(source, host, screen) },
      ],
      hosts,
      screen,
    ),
    warmUps.length === 0
      ? ''
      : `\n${table(
          [
            { title: 'WARM-UP', of: ({ source }) => source.name, whole: true },
            { title: 'PROVIDER', of: ({ warmUp }) => warmUp.provider },
            { title: 'STATE', of: ({ warmUp }) => warmUp.state },
            {
              title: 'DAY',
              of: ({ warmUp }) =>
                warmUp.state === 'early'
                  ? `from ${warmUp.start}`
                  : `${Math.min(warmUp.day, warmUp.days)} of ${warmUp.days}`,
            },
            {
              title: 'USED TODAY',
              of: ({ warmUp }) =>
                warmUp.allowed === null ? String(warmUp.used) : `${warmUp.used} of ${warmUp.allowed}`,
              align: 'right',
            },
            { title: 'COMPLAINTS', of: ({ warmUp }) => String(warmUp.complaints), align: 'right' },
          ],
          warmUps,
          screen,
        )}`,
    pauses.length === 0
      ? ''
      : `\n${table(
          [
            { title: 'RESTS', of: ({ source }) => source.name, whole: true },
            { title: 'AT', of: ({ pause }) => pause.provider ?? 'everywhere' },
            { title: 'SINCE', of: ({ pause }) => relative(pause.beganAt, screen.now) },
            {
              title: 'UNTIL',
              of: ({ pause }) => (pause.until === null ? 'resumed' : relative(pause.until, screen.now)),
            },
            { title: 'BY', of: ({ pause }) => pause.by },
            { title: 'WHY', of: ({ pause }) => pause.reason },
          ],
          pauses,
          screen,
        )}`,
  ].join('')
}

function stateOf(source: Source, host: Source['hosts'][number], screen: Screen): string {
  if (!host.live) return `last heard of ${relative(host.seenAt, screen.now)}`
  if (!host.usable) return host.why ?? 'not usable'
  return source.pauses.some((pause) => pause.provider === null) ? 'rests' : 'usable'
}

const reason = requiredText('reason', 'TEXT', 'Why: shown to whoever asks.')
const until = instant('until', 'future', 'Ends by itself then.')

const pause: Command = {
  path: ['sources', 'pause'],
  summary: 'Let a source rest, everywhere or at one provider',
  description:
    "For the operator: needs the operator's key. Mail leaves from the other sources of the pool, or waits. A warm-up goes on at the step where it was.",
  operations: ['sources.pause'],
  arguments: [which],
  flags: [provider, reason, until],
  examples: [
    {
      line: 'bulkhead sources pause ip1 --provider google --reason "listed, delisting asked for" --until 1d',
      says: 'a day without this address at one provider',
    },
    { line: 'bulkhead sources pause ip1 --reason "the host moves"', says: 'until it is resumed' },
  ],
  async run(context, given) {
    const name = given.argument(which)
    const rested = await context.operator().sources.pause(name, {
      reason: given.flag(reason),
      provider: given.flag(provider),
      until: given.flag(until),
    })
    show(context, rested)
  },
}

const resume: Command = {
  path: ['sources', 'resume'],
  summary: 'End the rest of a source',
  description:
    "For the operator: needs the operator's key. Ends automatic rests too; after one the warm-up goes on one day's step before.",
  operations: ['sources.resume'],
  arguments: [which],
  flags: [provider],
  examples: [
    { line: 'bulkhead sources resume ip1', says: 'everywhere' },
    { line: 'bulkhead sources resume ip1 --provider google', says: 'only what rests at google' },
  ],
  async run(context, given) {
    show(
      context,
      await context.operator().sources.resume(given.argument(which), { provider: given.flag(provider) }),
    )
  },
}

function show(context: Context, source: Source): void {
  context.out.show(source, (screen) => render([source], screen))
}

const workspace = argument('WORKSPACE', 'Id of the workspace, ws_….')
const ofWorkspace = text('workspace', 'ID', 'Only this workspace, ws_….')
const pool = argument('POOL', 'Name of a pool, as the shaping file has it.')
const lanes = choicesOf('lane', 'LANE', LANES, 'Which lanes; all without it.')
const lane = choice('lane', LANES, 'Only this lane; all without it.')

const pools: Command = {
  path: ['pools', 'list'],
  summary: 'Which workspaces have a pool of their own, by lane',
  description:
    "For the operator: needs the operator's key. What has no line uses the pool of the lane in the shaping file, or default.",
  operations: ['routing.list'],
  flags: [ofWorkspace],
  examples: [{ line: 'bulkhead pools list', says: 'who leaves from where' }],
  async run(context, given) {
    const found = await context.operator().routing.list({ workspaceId: given.flag(ofWorkspace) })
    context.out.show(found, (screen) =>
      found.data.length === 0 ? 'No workspace has a pool of its own.\n' : renderRoutes(found.data, screen),
    )
  },
}

const set: Command = {
  path: ['pools', 'set'],
  summary: 'Give lanes of a workspace a pool of their own',
  description:
    "For the operator: needs the operator's key. Holds within two seconds, also for mail that waits already.",
  operations: ['routing.set'],
  arguments: [workspace, pool],
  flags: [lanes],
  examples: [
    {
      line: 'bulkhead pools set ws_01… newsletters --lane bulk',
      says: 'its bulk mail leaves from that pool',
    },
    { line: 'bulkhead pools set ws_01… dedicated', says: 'all its mail does' },
  ],
  async run(context, given) {
    const wanted = given.flag(lanes)
    const name = given.argument(pool)
    const routed = await context
      .operator()
      .routing.set(given.argument(workspace), { pool: name, lanes: wanted.length === 0 ? LANES : wanted })
    context.out.show(routed, (screen) => renderRoutes(routed.data, screen))
  },
}

const clear: Command = {
  path: ['pools', 'clear'],
  summary: 'Let lanes of a workspace use the common pool again',
  description: "For the operator: needs the operator's key.",
  operations: ['routing.clear'],
  arguments: [workspace],
  flags: [lane],
  examples: [{ line: 'bulkhead pools clear ws_01… --lane bulk', says: 'as if it had never been set' }],
  async run(context, given) {
    const id = given.argument(workspace)
    if (!id.startsWith('ws_')) throw new UsageError('WORKSPACE: write an id such as ws_01….')
    await context.operator().routing.clear(id, { lane: given.flag(lane) })
    context.out.show({ cleared: id }, () => `${id} uses the common pools again.\n`)
  },
}

function renderRoutes(routes: readonly Route[], screen: Screen): string {
  return table(
    [
      { title: 'WORKSPACE', of: (row) => row.workspaceId, whole: true },
      { title: 'LANE', of: (row) => row.lane },
      {
        title: 'POOL',
        of: (row) => (row.known ? row.pool : `${row.pool} (no live host has it: the lane's pool is used)`),
      },
      { title: 'SET', of: (row) => relative(row.setAt, screen.now) },
      { title: 'BY', of: (row) => row.setBy },
    ],
    routes,
    screen,
  )
}

export const sourceCommands: readonly Command[] = [list, pause, resume, pools, set, clear]
