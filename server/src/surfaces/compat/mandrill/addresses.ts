import { addressProblem } from './message-request.ts'
import { createProblems, textAt } from './checks.ts'
import { notValid } from './errors.ts'
import type { JsonObject } from '../json-object.ts'

/** The address in the parameter `email` of a call. */
export function emailIn(parameters: JsonObject): string {
  const problems = createProblems()
  const email = textAt(problems, parameters['email'], ['email'])?.trim() ?? ''
  problems.throwIfAny()
  const problem = addressProblem(email)
  if (problem !== undefined) throw notValid({ email: problem })
  return email
}
