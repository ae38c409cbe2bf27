import { createClient, createStaffClient, type Client } from '@bulkhead/sdk'
import type { Context, StandardInput } from './command.ts'
import {
  findConnection,
  keepWorkspaceKey,
  isExposed,
  keyOf,
  type Connection,
  type Role,
} from './connection.ts'
import { EXIT, explain, UsageError } from './failure.ts'
import { help } from './help.ts'
import { createOutput, type Stream } from './output.ts'
import { parseCommandLine, type GlobalOptions } from './parse.ts'
import { commands, nouns } from './program.ts'
import type { Ask } from './prompt.ts'
import { keepSession } from './session-file.ts'
import { fetchWithStepUp } from './step-up.ts'
import { createPaint } from './text.ts'

/** What surrounds a run: streams, environment, time, and how other programs are started. */
export interface World {
  readonly stdout: Stream
  readonly stderr: Stream
  readonly input: StandardInput
  /** Absent where nobody can be asked. */
  readonly ask?: Ask
  readonly env: Readonly<Record<string, string | undefined>>
  readonly now: () => number
  readonly signal: AbortSignal
  readonly spawn: Context['spawn']
}

const HELP_COLUMNS_MAX = 100
/** A person waits at the terminal: a server that is silent is named after a minute at the latest. */
const LIMITS = { timeoutMs: 20_000, retriesMax: 2 } as const

/** Runs one command line and answers its exit code. It never throws: every failure is told on standard error. */
export async function run(args: readonly string[], world: World): Promise<number> {
  const json = args.includes('--json')
  const output = createOutput({ ...world, json })
  try {
    const request = parseCommandLine(args, commands, world.now())
    if (request.kind === 'help') {
      const columns = Math.min(HELP_COLUMNS_MAX, world.stdout.columns ?? HELP_COLUMNS_MAX)
      const paint = createPaint(world.stdout.isTTY === true && (world.env['NO_COLOR'] ?? '') === '')
      world.stdout.write(help(request.topic, { commands, nouns, paint, columns }))
      return EXIT.ok
    }
    const context = createContext(request.options, world, output)
    return (await request.command.run(context, request.given)) ?? EXIT.ok
  } catch (error) {
    if (world.signal.aborted) return EXIT.interrupted
    const explained = explain(error, output.paint, listedNoun(args[0]))
    world.stderr.write(json ? `${JSON.stringify(explained.json)}\n` : explained.text)
    return explained.exitCode
  }
}

const nobodyAnswers: Ask = () => {
  throw new UsageError('This asks questions, and nobody is there to answer them.')
}

function createContext(options: GlobalOptions, world: World, out: Context['out']): Context {
  const named = options.workspace ?? world.env['BULKHEAD_CLI_WORKSPACE'] ?? ''
  const connect = (role: Role): Connection =>
    findConnection(role, {
      ...options,
      workspace: named === '' ? undefined : named,
      env: world.env,
      nowMs: world.now(),
    })
  const ask: Ask = world.ask ?? nobodyAnswers
  const inWorkspace = named === '' ? {} : { workspace: named }
  const warn = (connection: Connection): void => {
    if (isExposed(connection.url))
      out.note(
        out.paint.yellow(
          `Warning: the key goes to ${connection.url} unencrypted. Use https:// across networks.`,
        ),
      )
  }
  const clientOf = (connection: Connection, key: string): Client => {
    warn(connection)
    return createClient({
      baseUrl: connection.url,
      apiKey: key,
      ...inWorkspace,
      ...(connection.isSession ? { fetch: fetchWithStepUp(ask, (text) => out.note(text)) } : {}),
      ...LIMITS,
      signal: world.signal,
    })
  }
  const keyed = (role: Role): Client => {
    const connection = connect(role)
    return clientOf(connection, keyOf(connection, role))
  }
  return {
    client: () => keyed('workspace'),
    operator: () => keyed('operator'),
    staff() {
      const connection = connect('staff')
      const apiKey = keyOf(connection, 'staff')
      warn(connection)
      return createStaffClient({ baseUrl: connection.url, apiKey, ...LIMITS, signal: world.signal })
    },
    anyone() {
      const connection = connect('workspace')
      return connection.key === null
        ? {
            client: createClient({
              baseUrl: connection.url,
              apiKey: 'none',
              ...LIMITS,
              signal: world.signal,
            }),
            hasKey: false,
          }
        : { client: clientOf(connection, connection.key), hasKey: true }
    },
    withKey: (key) => {
      const connection = connect('operator')
      return createClient({ baseUrl: connection.url, apiKey: key, ...LIMITS, signal: world.signal })
    },
    stranger() {
      const connection = connect('workspace')
      warn(connection)
      return createClient({ baseUrl: connection.url, ...LIMITS, signal: world.signal })
    },
    env: world.env,
    keepWorkspaceKey: (id, key) => keepWorkspaceKey({ ...options, env: world.env }, id, key),
    keepSession: (session) => keepSession(world.env, connect('workspace').url, session),
    hasSession: () => connect('workspace').isSession,
    ask,
    consoleUrl: () => connect('workspace').consoleUrl,
    out,
    input: world.input,
    signal: world.signal,
    now: world.now,
    spawn: world.spawn,
  }
}

/** The first word of a command, where there is a list of what it is about. */
function listedNoun(word: string | undefined): string | undefined {
  return commands.some(({ path }) => path.length === 2 && path[0] === word && path[1] === 'list')
    ? word
    : undefined
}
