import { Fault } from '../../../kernel/faults.ts'
import { parseJsonBody } from '../../../platform/http/input.ts'
import { isDoorKey } from '../../../security/access/index.ts'
import type { DoorKnock } from '../door.ts'
import { bearerToken } from '../../../security/access/index.ts'
import { isObject } from '../json-object.ts'
import type { JsonObject } from '../json-object.ts'
import { missingParameter } from './errors.ts'

const FIELDS_MAX = 20_000
const DEPTH_MAX = 12
const NAME_CHARS_MAX = 1_000

interface Branch {
  [key: string]: Branch | string
}

/**
 * JSON, or a form in which names say where a value stands (`message[to][0][email]`), as PHP and the vendor's older clients write it. What begins
 * with a brace is JSON whatever it is called: curl calls every body a form.
 */
export function parseBody(bytes: Buffer, contentType: string): unknown {
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(contentType)
  if (!isForm || /^\s*[{[]/.test(bytes.subarray(0, 64).toString('latin1'))) return parseJsonBody(bytes)
  // Counted before it is taken apart: nobody has shown a key yet.
  if (hasMoreFields(bytes))
    throw new Fault('too_large', { detail: `The form has more than ${FIELDS_MAX} fields.` })
  const root: Branch = Object.create(null)
  const sizes = new Map<Branch, number>()
  for (const [name, value] of new URLSearchParams(bytes.toString())) put(root, sizes, placeOf(name), value)
  // Checked as JSON is.
  return parseJsonBody(Buffer.from(JSON.stringify(asLists(root))))
}

function hasMoreFields(bytes: Buffer): boolean {
  let fields = 1
  for (let at = bytes.indexOf('&'); at >= 0; at = bytes.indexOf('&', at + 1)) {
    if (++fields > FIELDS_MAX) return true
  }
  return false
}

function placeOf(name: string): string[] {
  if (name.length > NAME_CHARS_MAX)
    throw new Fault('invalid_request', {
      detail: `The name of a field has more than ${NAME_CHARS_MAX} characters.`,
    })
  const [first = ''] = name.split('[', 1)
  const rest = [...name.slice(first.length).matchAll(/\[([^[\]]*)\]/g)].map(([, key = '']) => key)
  return [first, ...rest].slice(0, DEPTH_MAX)
}

/** `sizes`: how many keys each branch has, since `a[]=` a thousand times would count a thousand keys a thousand times. */
function put(root: Branch, sizes: Map<Branch, number>, place: readonly string[], value: string): void {
  let at = root
  for (const [depth, named] of place.entries()) {
    const size = sizes.get(at) ?? 0
    const key = named === '' ? String(size) : named
    if (!(key in at)) sizes.set(at, size + 1)
    if (depth === place.length - 1) {
      at[key] = value
      return
    }
    const next = at[key]
    const inner: Branch = typeof next === 'object' ? next : Object.create(null)
    at[key] = inner
    at = inner
  }
}

function asLists(branch: Branch | string): unknown {
  if (typeof branch === 'string') return branch
  const keys = Object.keys(branch)
  const isList = keys.length > 0 && keys.every((key, at) => key === String(at))
  const entries = Object.entries(branch).map(([key, value]) => [key, asLists(value)] as const)
  return isList ? entries.map(([, value]) => value) : Object.fromEntries(entries)
}

/** In the body, as every client of the vendor sends it; in a header, or as HTTP has it. */
export function keyOf(knock: DoorKnock): string | null {
  const inBody = isObject(knock.body) ? (knock.body['key'] ?? '') : ''
  // What is no text is a key that opens nothing.
  if (inBody !== '') return typeof inBody === 'string' ? inBody : '-'
  return knock.header('x-mc-apikey') ?? bearerToken(knock.authorization)
}

const GLIMPSES_MAX = 1_000
const GLIMPSED_MAX = 3

/**
 * Keys of the form of this door that stand where a body may have its key, the first or the last parameter as the vendor's clients write it; no
 * parsing. Whoever hides a key among a thousand others of its name has only that of a header.
 */
export function glimpseKeys(raw: Buffer): readonly string[] {
  const found = new Set<string>()
  const look = (at: number): void => {
    const [, key = ''] = GLIMPSE.exec(raw.toString('latin1', at, at + 100)) ?? []
    if (found.size < GLIMPSED_MAX && isDoorKey('mandrill', key)) found.add(key)
  }
  for (const name of NAMES_OF_KEY) {
    let at = raw.indexOf(name)
    for (let looks = 0; at >= 0 && looks < GLIMPSES_MAX; looks++, at = raw.indexOf(name, at + 1)) look(at)
    at = raw.lastIndexOf(name)
    // A negative offset would be counted from the end.
    for (let looks = 0; at > 0 && looks < GLIMPSES_MAX; looks++, at = raw.lastIndexOf(name, at - 1)) look(at)
  }
  return [...found]
}

const NAMES_OF_KEY = ['"key"', 'key='] as const
const GLIMPSE = /^(?:"key"\s{0,20}:\s{0,20}"|key=)([\w-]{1,40})/

/** The parameters of a call, those among them that it must have. */
export function parametersOf(call: { readonly body: unknown }, ...required: readonly string[]): JsonObject {
  const body = isObject(call.body) ? call.body : {}
  for (const name of required) {
    if (body[name] === undefined || body[name] === null) throw missingParameter(name)
  }
  return body
}
