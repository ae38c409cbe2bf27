import { z } from 'zod'
import { FAULTS, Fault, type FieldProblem } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'

/** RFC 9457 problem details, the shape of every error of the API. */
export const Problem = z
  .object({
    type: z.string().describe('A path that names the kind of problem; documented in docs/api.md.'),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('The stable name of the fault.'),
    detail: z.string().describe('What is wrong with this request, and what to do.'),
    errors: z
      .array(
        z.object({
          field: z.string(),
          problem: z.string(),
          fix: z.string().optional(),
          line: z.int().optional().describe('Of code template_failed: where in the source, from 1.'),
          column: z.int().optional().describe('As line.'),
        }),
      )
      .optional()
      .describe('One entry per field that is wrong.'),
    requestId: z.string().optional(),
    maxAgeSeconds: z
      .int()
      .optional()
      .describe('Of code step_up_required: how old the last strong authentication may be.'),
    containment: z.string().optional().describe('Of code contained: the id of the containment.'),
    capability: z.string().optional().describe('Of code contained: what is cut off.'),
    reasonCode: z.string().optional().describe('Of code contained: security_hold, policy, billing or abuse.'),
    reason: z.string().optional().describe('Of code contained: why.'),
    incident: z
      .string()
      .nullable()
      .optional()
      .describe('Of code contained: the incident, where there is one.'),
    until: z.string().optional().describe('Of code contained: when it ends by itself.'),
    appeal: z.string().optional().describe('Of code contained: where to object.'),
    limit: z
      .object({
        name: z.string().describe('As in the header RateLimit-Policy.'),
        amount: z.int(),
        period: z.string(),
        lane: z.string(),
        used: z.int(),
        wanted: z.int().describe('Recipients of what was refused.'),
        resetsAt: z.string(),
        retryAfterSeconds: z
          .int()
          .nullable()
          .describe('Waiting so long is enough if nobody else sends; null: it never fits.'),
      })
      .optional()
      .describe('Of codes rate_limited, quota_exceeded and too_many_recipients: the limit that refused it.'),
  })
  .meta({ id: 'Problem' })
export type Problem = z.output<typeof Problem>

/** A fault as problem details; `appeal` is told with a containment only. */
export function problemOf(fault: Fault, requestId?: string, appeal?: string): Problem {
  const { status, title } = FAULTS[fault.code]
  return {
    type: `/problems/${fault.code}`,
    title,
    status,
    code: fault.code,
    detail: fault.detail,
    ...(fault.fields.length > 0 ? { errors: fault.fields.map((field) => ({ ...field })) } : {}),
    ...(requestId === undefined ? {} : { requestId }),
    ...(fault.maxAgeSeconds === undefined ? {} : { maxAgeSeconds: fault.maxAgeSeconds }),
    ...(fault.limit === undefined ? {} : { limit: { ...fault.limit } }),
    ...(fault.containment === undefined
      ? {}
      : {
          ...fault.containment,
          containment: encodeId('containment', fault.containment.containment),
          ...(appeal === undefined ? {} : { appeal }),
        }),
  }
}

const FIXES_MAX = 20

/** Turns what zod found into a fault that names each field and what to write instead. */
export function faultOfIssues(issues: readonly z.core.$ZodIssue[]): Fault {
  const fields = issues.slice(0, FIXES_MAX).flatMap(problemsOfIssue)
  const first = fields[0]
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : ''
  return new Fault('invalid_request', {
    detail:
      first === undefined ? 'The request is not valid.' : `${first.field || 'body'}: ${first.problem}${more}`,
    fields,
  })
}

function problemsOfIssue(issue: z.core.$ZodIssue): FieldProblem[] {
  const field = pathText(issue.path)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      field: pathText([...issue.path, key.slice(0, 100)]),
      problem: 'is not a known field',
      fix: 'Remove it or correct its spelling.',
    }))
  }
  if (issue.code === 'invalid_union') {
    const branch = [...issue.errors].sort((a, b) => (b[0]?.path.length ?? 0) - (a[0]?.path.length ?? 0))[0]
    const inner = branch?.[0]
    if (inner !== undefined && inner.path.length > 0) {
      return problemsOfIssue({ ...inner, path: [...issue.path, ...inner.path] })
    }
  }
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return [{ field, problem: 'is missing', fix: `Add it (${issue.expected}).` }]
  return [{ field, problem: issue.message }]
}

/** `['to', 3, 'email']` → `to[3].email`. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = ''
  for (const part of path)
    text += typeof part === 'number' ? `[${part}]` : `${text === '' ? '' : '.'}${String(part)}`
  return text
}
