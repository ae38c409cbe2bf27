import { useState } from 'react'
import { describeFailure } from '../api/problem.ts'

export interface Act {
  readonly busy: boolean
  readonly problem: string | undefined
  /** Runs one step; a failure is kept as words. Answers whether it went well. */
  run(work: () => Promise<void>): Promise<boolean>
}

/** One thing that a person asks for, with what became of it. */
export function useAct(initial?: string): Act {
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState(initial)
  return {
    busy,
    problem,
    async run(work) {
      setBusy(true)
      setProblem(undefined)
      try {
        await work()
        return true
      } catch (error) {
        setProblem(wordsOf(error))
        return false
      } finally {
        setBusy(false)
      }
    },
  }
}

/** Also of what the browser says when a passkey is refused. */
export function wordsOf(error: unknown): string {
  if (error instanceof Error && error.name === 'NotAllowedError')
    return 'No passkey was shown. Try again, or use another way.'
  if (error instanceof Error && error.name === 'InvalidStateError')
    return 'This device has a passkey for this account already.'
  return describeFailure(error).detail
}

/** The text of a form's field, without blanks around it. */
export function textOf(form: HTMLFormElement, name: string): string {
  const value = new FormData(form).get(name)
  return typeof value === 'string' ? value.trim() : ''
}

/** As textOf, as it was typed: blanks are part of a password. */
export function secretOf(form: HTMLFormElement, name: string): string {
  const value = new FormData(form).get(name)
  return typeof value === 'string' ? value : ''
}
