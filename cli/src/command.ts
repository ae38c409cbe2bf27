import type { Client, StaffClient } from '@bulkhead/sdk'
import { UsageError } from './failure.ts'
import { parseInstant } from './instants.ts'
import type { Output } from './output.ts'
import type { Ask } from './prompt.ts'
import type { KeptSession } from './session-file.ts'

/** A flag as help, completion and docs show it, and how its value is read from what was typed. */
export interface Flag<Value> {
  readonly name: string
  readonly description: string
  /** What stands for the value in help; a switch has none. */
  readonly placeholder?: string
  readonly choices?: readonly string[]
  readonly repeatable?: boolean
  readonly required?: boolean
  /** @throws UsageError when the text is not a value of this flag. */
  read(given: readonly string[], nowMs: number): Value
}

/** A positional argument. */
export interface Argument<Value> {
  /** In capitals, as help shows it. */
  readonly name: string
  readonly description: string
  readonly optional?: boolean
  readonly choices?: readonly string[]
  read(given: string | undefined): Value
}

/** What was typed, read by the declarations themselves, so that a value has the type its declaration says. */
export interface Given {
  flag<Value>(flag: Flag<Value>): Value
  argument<Value>(argument: Argument<Value>): Value
}

export interface StandardInput {
  readonly isTerminal: boolean
  /** Everything up to the end. Throws UsageError beyond `limit` bytes. */
  read(limit: number): Promise<Buffer<ArrayBuffer>>
}

/** All that a command may touch. */
export interface Context {
  /** The client of the workspace's key. Throws where no key is known. */
  client(): Client
  /** The client of the operator's key. */
  operator(): Client
  /** A client of the operator's server with a key that it has just answered. */
  withKey(key: string): Client
  /** The client of the staff API, with a staff key or the operator's. */
  staff(): StaffClient
  /** The client for what needs no key; it has one where one is known. */
  anyone(): { readonly client: Client; readonly hasKey: boolean }
  /** The client for what a person does before logging in. */
  stranger(): Client
  /** For the keys of other services. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Keeps the first key of a workspace that was made on a development installation, for --workspace. */
  keepWorkspaceKey(workspaceId: string, key: string): void
  /** Keeps the session of a person for the server, or with null forgets it. */
  keepSession(session: KeptSession | null): void
  /** Whether a session of bulkhead login is in use. */
  hasSession(): boolean
  readonly ask: Ask
  /** Where the console is. */
  consoleUrl(): string
  readonly out: Output
  readonly input: StandardInput
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  readonly now: () => number
  /** Runs another program with this terminal and answers its exit code. */
  readonly spawn: (file: string, args: readonly string[]) => Promise<number>
}

export interface Example {
  readonly line: string
  readonly says: string
}

/** One command. Help, completion, the reference and the run all come from this record. */
export interface Command {
  readonly path: readonly [string] | readonly [string, string]
  readonly summary: string
  readonly description?: string
  /** The operations of the API it uses. */
  readonly operations: readonly string[]
  readonly arguments?: readonly Argument<unknown>[]
  readonly flags?: readonly Flag<unknown>[]
  readonly examples: readonly Example[]
  /** Answers the exit code; nothing means 0. */
  run(context: Context, given: Given): Promise<number | void>
}

interface FlagOptions {
  readonly choices?: readonly string[]
}

/** A flag without a value. */
export function toggle(name: string, description: string): Flag<boolean> {
  return { name, description, read: (given) => given.length > 0 }
}

/** A flag with a text. Given twice, the last one counts. */
export function text(
  name: string,
  placeholder: string,
  description: string,
  options: FlagOptions = {},
): Flag<string | undefined> {
  return { name, placeholder, description, ...options, read: (given) => given.at(-1) }
}

/** A flag that must be there. */
export function requiredText(name: string, placeholder: string, description: string): Flag<string> {
  return {
    name,
    placeholder,
    description,
    required: true,
    read(given) {
      const value = given.at(-1)
      if (value === undefined) throw new UsageError(`--${name} is missing: ${description}`)
      return value
    },
  }
}

/** A flag whose value is one of a list. */
export function choice<const Choice extends string>(
  name: string,
  choices: readonly Choice[],
  description: string,
): Flag<Choice | undefined> {
  return {
    name,
    placeholder: choices.length <= 4 ? choices.join('|') : name.replace(/^.*-/, '').toUpperCase(),
    description: choices.length <= 4 ? description : `${description} One of ${choices.join(', ')}.`,
    choices,
    read(given) {
      const value = given.at(-1)
      if (value === undefined) return undefined
      const known = choices.find((item) => item === value)
      if (known === undefined) throw new UsageError(`--${name} ${value}: write one of ${choices.join(', ')}.`)
      return known
    },
  }
}

/** A flag that may be repeated. */
export function texts(name: string, placeholder: string, description: string): Flag<readonly string[]> {
  return { name, placeholder, description, repeatable: true, read: (given) => given }
}

/** A flag whose values are one or more of a list, repeated or with commas. */
export function choicesOf<const Choice extends string>(
  name: string,
  placeholder: string,
  choices: readonly Choice[],
  description: string,
): Flag<readonly Choice[]> {
  return {
    name,
    placeholder,
    description: `${description} Of: ${choices.join(', ')}.`,
    choices,
    repeatable: true,
    read: (given) =>
      given
        .flatMap((value) => value.split(','))
        .map((value) => {
          const known = choices.find((item) => item === value.trim())
          if (known === undefined)
            throw new UsageError(`--${name} ${value}: write one of ${choices.join(', ')}.`)
          return known
        }),
  }
}

/** A flag with a whole number. */
export function whole(name: string, defaultValue: number, description: string): Flag<number> {
  return {
    name,
    placeholder: 'N',
    description: `${description} Default ${defaultValue}.`,
    read(given) {
      const value = given.at(-1)
      if (value === undefined) return defaultValue
      if (!/^[1-9]\d{0,8}$/.test(value))
        throw new UsageError(`--${name} ${value}: write a whole number, such as ${defaultValue}.`)
      return Number(value)
    },
  }
}

/** A flag with a time, answered as ISO 8601. `30m` means 30 minutes ago for `past` and from now for `future`. */
export function instant(
  name: string,
  direction: 'past' | 'future',
  description: string,
): Flag<string | undefined> {
  return {
    name,
    placeholder: 'TIME',
    description: `${description} A time such as 2026-01-31T09:00:00Z, or a span such as 30m, 2h, 1d (${direction === 'past' ? 'ago' : 'from now'}).`,
    read(given, nowMs) {
      const value = given.at(-1)
      if (value === undefined) return undefined
      const time = parseInstant(value, direction, nowMs)
      if (time === null)
        throw new UsageError(
          `--${name} ${value}: write a time such as 2026-01-31T09:00:00Z or a span such as 30m.`,
        )
      return time
    },
  }
}

/** A positional argument that must be there. */
export function argument(name: string, description: string): Argument<string> {
  return {
    name,
    description,
    read(given) {
      if (given === undefined || given === '') throw new UsageError(`${name} is missing: ${description}`)
      return given
    },
  }
}

/** A positional argument that may be left out. */
export function optionalArgument(name: string, description: string): Argument<string | undefined> {
  return { name, description, optional: true, read: (given) => given }
}
