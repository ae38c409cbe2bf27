import { Fault, invalidField } from '../../kernel/faults.ts'
import type { FieldProblem } from '../../kernel/faults.ts'
import type { OperationContext, Principal } from '../../platform/http/operation.ts'
import { selectSealedSenders } from './access-store.ts'
import { boundsBeyond, parseSenderPattern, UNBOUND } from './key-bounds.ts'
import { parseCidr } from '../../platform/networks/index.ts'
import type { SealedSenders, SendersPlace } from './sealed-senders.ts'

type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'principal' | 'read'>

/** Bounds as they are asked for; what is left out is that of the credential that asks, and without bounds there nothing. */
export interface WantedBounds {
  readonly allowedCidrs?: readonly string[] | undefined
  readonly allowedSenders?: readonly string[] | undefined
  readonly expiresAt?: Date | null | undefined
}

/** Bounds as a row holds them, with the readable senders for the answer. */
export interface ResolvedBounds {
  readonly allowedCidrs: readonly string[]
  readonly allowedSenders: readonly string[]
  readonly sealedSenders: Buffer | null
  readonly patterns: readonly string[]
  readonly expiresAt: Date | null
}

/**
 * The bounds of a new credential. Throws `invalid_request` for what is no network or sender, and `missing_scope` for what the asker does
 * not have itself.
 */
export async function resolveBounds(
  senders: SealedSenders,
  caller: Caller,
  place: SendersPlace,
  wanted: WantedBounds,
): Promise<ResolvedBounds> {
  const held = caller.principal.kind === 'api_key' ? caller.principal.bounds : UNBOUND
  const allowedCidrs =
    wanted.allowedCidrs === undefined ? held.allowedCidrs : readCidrs('allowedCidrs', wanted.allowedCidrs)
  const patterns =
    wanted.allowedSenders === undefined
      ? await ownSenders(senders, caller)
      : readSenders('allowedSenders', wanted.allowedSenders)
  const expiresAt = wanted.expiresAt === undefined ? held.expiresAt : wanted.expiresAt
  const bound = await senders.bind(place, patterns)
  refuseBeyond(boundsBeyond({ allowedCidrs, senders: bound.senders, expiresAt }, held))
  return {
    allowedCidrs,
    allowedSenders: bound.senders.map(({ stored }) => stored),
    sealedSenders: bound.sealed,
    patterns,
    expiresAt,
  }
}

/** Refuses scopes that the asker lacks. */
export function requireHeldScopes(asked: readonly string[], principal: Principal): void {
  const beyond = asked.filter((scope) => !principal.scopes.includes(scope))
  if (beyond.length === 0) return
  throw new Fault('missing_scope', {
    detail: `A credential gives at most the scopes that you have; you lack: ${beyond.join(', ')}.`,
    fields: [{ field: 'scopes', problem: `asks for more than you have: ${beyond.join(', ')}` }],
  })
}

function refuseBeyond(problems: readonly FieldProblem[]): void {
  const [first] = problems
  if (first === undefined) return
  throw new Fault('missing_scope', {
    detail: `A key makes none that reaches further than itself: ${first.field}: ${first.problem}.`,
    fields: problems,
  })
}

/** Networks in their one spelling, each once. Throws `invalid_request`. */
function readCidrs(field: string, texts: readonly string[]): string[] {
  const cidrs = texts.map((text, at) => {
    const parsed = parseCidr(text)
    if (!parsed.ok) throw invalidField(`${field}[${at}]`, parsed.problem, parsed.fix)
    return parsed.cidr
  })
  return [...new Set(cidrs)]
}

/** Senders in their one spelling, each once. Throws `invalid_request`. */
function readSenders(field: string, texts: readonly string[]): string[] {
  const patterns = texts.map((text, at) => {
    const parsed = parseSenderPattern(text)
    if (!parsed.ok)
      throw invalidField(`${field}[${at}]`, parsed.problem, 'Write ann@example.com or @example.com.')
    return parsed.pattern
  })
  return [...new Set(patterns)]
}

async function ownSenders(senders: SealedSenders, caller: Caller): Promise<string[]> {
  const { principal, workspaceId } = caller
  if (principal.kind !== 'api_key' || principal.bounds.allowedSenders.length === 0) return []
  const rows = await caller.read((db) => selectSealedSenders(db, workspaceId, principal.id))
  const patternsOf = await senders.open(workspaceId, 'api_key', rows, 'apiKeys.inherit')
  const patterns = patternsOf(principal.id)
  if (patterns.length === 0) throw new Error('a bound key has no list of senders')
  return patterns
}
