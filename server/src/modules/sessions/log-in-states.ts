/** What a log-in awaits after the right password. */
export const LOG_IN_STATES = ['email_code', 'second_factor', 'done'] as const
export type LogInState = (typeof LOG_IN_STATES)[number]

/** What was shown and found right. `factor` is what can be guessed: a code of an app, a recovery code. */
export const LOG_IN_EVENTS = ['code', 'factor', 'passkey'] as const
export type LogInEvent = (typeof LOG_IN_EVENTS)[number]

/**
 * Where each event leads from each state; null: nowhere. It is total, so that a new state does not compile until somebody has decided, and
 * the function in the database that makes the moves is compared with it. A passkey cannot be phished or guessed and proves more than
 * the code by mail; what can be guessed never stands in for the code.
 */
export const LOG_IN_MOVES: Readonly<Record<LogInState, Readonly<Record<LogInEvent, LogInState | null>>>> = {
  email_code: { code: 'second_factor', factor: null, passkey: 'done' },
  second_factor: { code: null, factor: 'done', passkey: 'done' },
  done: { code: null, factor: null, passkey: null },
}

/** Seconds after the right password at which a second factor that did not come is told to the owner (D-05: 60 s from an unknown device). */
export const ABANDONED_AFTER_SECONDS = { unknownDevice: 45, knownDevice: 600 } as const
