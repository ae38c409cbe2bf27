/** A pattern over reply texts: answers whether it occurs anywhere in a text, upper and lower case alike. */
export interface Pattern {
  readonly source: string
  test(text: string): boolean
}

export type PatternRead =
  | { readonly ok: true; readonly pattern: Pattern }
  | { readonly ok: false; readonly problem: string }

type Class = (code: number) => boolean
type Node =
  | { readonly kind: 'class'; readonly matches: Class }
  | { readonly kind: 'assert'; readonly what: '^' | '$' | 'b' | 'B' }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly options: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly min: number; readonly max: number }

type Instruction =
  | {
      readonly kind: 'class'
      readonly matches: Class
      /** Of Latin-1, which replies are. */ readonly latin1: Uint8Array
    }
  | { readonly kind: 'assert'; readonly what: '^' | '$' | 'b' | 'B' }
  | { readonly kind: 'split'; to: readonly number[] }
  | { readonly kind: 'match' }

const SOURCE_MAX = 500
const REPEAT_MAX = 100
const DEPTH_MAX = 30
const INSTRUCTIONS_MAX = 1_000
/** Replies are cut here before they are looked at; what says why stands at their beginning. */
export const TEXT_MAX = 1_000

/**
 * Compiles the part of regular expressions that can be matched in linear time: characters, `.`, classes, groups, `|`, `* + ? {m,n}`,
 * `^ $ \b \B \d \w \s`. No back references and no look-around: a text of a stranger is matched against patterns of the operator, so
 * the time is bounded by (text × pattern), whatever either is. Thompson's construction (K. Thompson, CACM 11(6), 1968).
 */
export function compilePattern(source: string): PatternRead {
  if (source.length === 0 || source.length > SOURCE_MAX)
    return { ok: false, problem: `is not 1 to ${SOURCE_MAX} characters long` }
  const parsed = parse(source)
  if (typeof parsed === 'string') return { ok: false, problem: parsed }
  const program: Instruction[] = []
  if (!emit(parsed, program)) return { ok: false, problem: 'is too large: repeat less' }
  program.push({ kind: 'match' })
  const first = firstOf(program)
  return { ok: true, pattern: { source, test: (text) => run(program, first, text.slice(0, TEXT_MAX)) } }
}

class SyntaxProblem extends Error {}

function parse(source: string): Node | string {
  let at = 0
  const fail = (problem: string): never => {
    throw new SyntaxProblem(`${problem} at character ${at + 1}`)
  }
  const choice = (depth: number): Node => {
    if (depth > DEPTH_MAX) fail('is nested too deep')
    const options = [sequence(depth)]
    while (source[at] === '|') {
      at += 1
      options.push(sequence(depth))
    }
    const [only] = options
    return options.length === 1 && only !== undefined ? only : { kind: 'choice', options }
  }
  const sequence = (depth: number): Node => {
    const parts: Node[] = []
    while (at < source.length && source[at] !== '|' && source[at] !== ')') parts.push(repeated(depth))
    return { kind: 'sequence', parts }
  }
  const repeated = (depth: number): Node => {
    const part = atom(depth)
    const bounds = quantifier()
    if (bounds === null) return part
    if (part.kind === 'assert') fail('repeats a place')
    // Lazy or not makes no difference to whether something occurs.
    if (source[at] === '?') at += 1
    if (/[*+?{]/.test(source[at] ?? '')) fail('repeats a repetition')
    return { kind: 'repeat', part, ...bounds }
  }
  const quantifier = (): { min: number; max: number } | null => {
    const simple = { '*': [0, Infinity], '+': [1, Infinity], '?': [0, 1] }[source[at] ?? '']
    if (simple !== undefined) {
      at += 1
      return { min: simple[0] ?? 0, max: simple[1] ?? 0 }
    }
    if (source[at] !== '{') return null
    const found = /^\{(\d{1,4})(,(\d{1,4})?)?\}/.exec(source.slice(at, at + 12))
    if (found === null) return fail('has a { that is no repetition (write \\{)')
    const min = Number(found[1])
    const max = found[2] === undefined ? min : found[3] === undefined ? Infinity : Number(found[3])
    if (min > REPEAT_MAX || (max !== Infinity && max > REPEAT_MAX))
      fail(`repeats more than ${REPEAT_MAX} times`)
    if (max < min) fail('repeats from more to less')
    at += found[0].length
    return { min, max }
  }
  const atom = (depth: number): Node => {
    const character = source[at] ?? ''
    at += 1
    switch (character) {
      case '(': {
        if (source[at] === '?') {
          if (source[at + 1] !== ':') fail('has a group that is not supported (only ( ) and (?: ))')
          at += 2
        }
        const inner = choice(depth + 1)
        if (source[at] !== ')') fail('lacks a )')
        at += 1
        return inner
      }
      case '[':
        return { kind: 'class', matches: set() }
      case '.':
        return { kind: 'class', matches: (code) => code !== 10 && code !== 13 }
      case '^':
      case '$':
        return { kind: 'assert', what: character }
      case '*':
      case '+':
      case '?':
      case '{':
        at -= 1
        return fail('has nothing to repeat')
      case '\\': {
        const escaped = source[at] ?? ''
        if (escaped === 'b' || escaped === 'B') {
          at += 1
          return { kind: 'assert', what: escaped }
        }
        return { kind: 'class', matches: escape() }
      }
      default:
        return { kind: 'class', matches: literal(character.charCodeAt(0)) }
    }
  }
  /** After a backslash. */
  const escape = (): Class => {
    const escaped = source[at] ?? ''
    const named = CLASSES[escaped]
    if (named === undefined && (escaped === '' || /[A-Za-z0-9]/.test(escaped)))
      fail('has an escape that is not supported')
    at += 1
    return named ?? literal(escaped.charCodeAt(0))
  }
  const set = (): Class => {
    const isNegated = source[at] === '^'
    if (isNegated) at += 1
    const parts: Class[] = []
    while (source[at] !== ']') {
      if (at >= source.length) fail('lacks a ]')
      if (source[at] === '[') fail('has a [ inside [ ] (write \\[)')
      parts.push(member())
    }
    if (parts.length === 0) fail('has an empty [ ]')
    at += 1
    return (code) => parts.some((matches) => matches(code)) !== isNegated
  }
  const member = (): Class => {
    const start = source.charCodeAt(at)
    if (source[at] === '\\') {
      at += 1
      if (source[at] === '-' && source[at + 1] === undefined) fail('lacks a ]')
      return escape()
    }
    at += 1
    if (source[at] !== '-' || source[at + 1] === ']' || source[at + 1] === undefined) return literal(start)
    const end = source.charCodeAt(at + 1)
    if (source[at + 1] === '\\' || source[at + 1] === '[' || end < start) fail('has a range that is none')
    at += 2
    return (code) => foldings(code).some((each) => each >= start && each <= end)
  }
  try {
    const whole = choice(0)
    if (at < source.length) fail('has a ) too many')
    return whole
  } catch (error) {
    if (error instanceof SyntaxProblem) return error.message
    throw error
  }
}

const isDigit: Class = (code) => code >= 48 && code <= 57
const isWord: Class = (code) =>
  isDigit(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95
const isSpace: Class = (code) => (code >= 9 && code <= 13) || code === 32 || code === 160
const CLASSES: Readonly<Record<string, Class>> = {
  d: isDigit,
  D: (code) => !isDigit(code),
  w: isWord,
  W: (code) => !isWord(code),
  s: isSpace,
  S: (code) => !isSpace(code),
}

/** A letter of ASCII as it is and in the other case. */
function foldings(code: number): readonly number[] {
  if (code >= 65 && code <= 90) return [code, code + 32]
  if (code >= 97 && code <= 122) return [code, code - 32]
  return [code]
}

function literal(code: number): Class {
  const wanted = foldings(code)
  return (each) => wanted.includes(each)
}

/** False where the program would be too large. */
function emit(node: Node, program: Instruction[]): boolean {
  if (program.length > INSTRUCTIONS_MAX) return false
  switch (node.kind) {
    case 'class':
      program.push({
        ...node,
        latin1: Uint8Array.from({ length: 256 }, (_, code) => Number(node.matches(code))),
      })
      return true
    case 'assert':
      program.push(node)
      return true
    case 'sequence':
      return node.parts.every((part) => emit(part, program))
    case 'choice': {
      const jumps: { kind: 'split'; to: readonly number[] }[] = []
      for (const [index, option] of node.options.entries()) {
        const split = { kind: 'split' as const, to: [] as readonly number[] }
        program.push(split)
        const start = program.length
        if (!emit(option, program)) return false
        const jump = { kind: 'split' as const, to: [] as readonly number[] }
        program.push(jump)
        jumps.push(jump)
        split.to = index === node.options.length - 1 ? [start] : [start, program.length]
      }
      for (const jump of jumps) jump.to = [program.length]
      return true
    }
    case 'repeat':
      return emitRepeat(node, program)
  }
}

function emitRepeat(node: Extract<Node, { kind: 'repeat' }>, program: Instruction[]): boolean {
  for (let i = 0; i < node.min; i++) {
    const before = program.length
    if (!emit(node.part, program)) return false
    // Nothing, however often: repetitions of it inside one another must not cost time either.
    if (program.length === before) break
  }
  const optional = node.max === Infinity ? 1 : node.max - node.min
  const skips: { kind: 'split'; to: readonly number[] }[] = []
  for (let i = 0; i < optional; i++) {
    const split = { kind: 'split' as const, to: [] as readonly number[] }
    program.push(split)
    const start = program.length
    if (!emit(node.part, program)) return false
    split.to = [start]
    skips.push(split)
    if (node.max === Infinity) program.push({ kind: 'split', to: [start - 1] })
  }
  for (const skip of skips) skip.to = [...skip.to, program.length]
  return true
}

/** Which characters a match can begin with, 256 for all beyond Latin-1; null where it may begin with a place, or with nothing. */
function firstOf(program: readonly Instruction[]): Uint8Array | null {
  const first = new Uint8Array(257)
  first[256] = 1
  const seen = new Set<number>()
  const waiting = [0]
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    if (seen.has(place)) continue
    seen.add(place)
    const instruction = program[place]
    if (instruction?.kind === 'split') waiting.push(...instruction.to)
    else if (instruction?.kind !== 'class') return null
    else for (let code = 0; code < 256; code++) if (instruction.latin1[code] === 1) first[code] = 1
  }
  return first
}

/** All places of the program at once, one character after the other: no place is visited twice for one character. */
function run(program: readonly Instruction[], first: Uint8Array | null, text: string): boolean {
  const seenAt = new Int32Array(program.length).fill(-1)
  let waiting: number[] = []
  let next: number[] = []
  for (let at = 0; at <= text.length; at++) {
    const code = text.charCodeAt(at)
    // A match may begin at every character; most characters begin none.
    if (first === null || (at < text.length && first[Math.min(code, 256)] === 1)) waiting.push(0)
    for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
      if (seenAt[place] === at) continue
      seenAt[place] = at
      const instruction = program[place]
      switch (instruction?.kind) {
        case 'match':
          return true
        case 'split':
          for (const to of instruction.to) waiting.push(to)
          break
        case 'assert':
          if (holds(instruction.what, text, at)) waiting.push(place + 1)
          break
        case 'class':
          if (at < text.length && (code < 256 ? instruction.latin1[code] === 1 : instruction.matches(code)))
            next.push(place + 1)
          break
        case undefined:
          break
      }
    }
    const empty = waiting
    waiting = next
    next = empty
  }
  return false
}

function holds(what: '^' | '$' | 'b' | 'B', text: string, at: number): boolean {
  if (what === '^') return at === 0
  if (what === '$') return at === text.length
  const isEdge = isWord(text.charCodeAt(at - 1)) !== isWord(text.charCodeAt(at))
  return (what === 'b') === isEdge
}
