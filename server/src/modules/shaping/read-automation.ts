import { LANES } from '../../kernel/lane.ts'
import { ACTIONS, REPLY_CLASSES } from './automation.ts'
import type { AutomationRule } from './automation.ts'
import { LIMIT_KEYS } from './limits.ts'
import { compilePattern, type Pattern } from './pattern.ts'
import { readDomain, readLayer } from './read-layers.ts'
import type { Path, Reader, Table } from './reader.ts'
import { readSiteName } from './site-name.ts'
import { readDuration, readInteger, type Read } from './values.ts'

/** Every key of `[[automation]]`, for docs/shaping.md. */
export const AUTOMATION_KEYS: readonly {
  readonly key: string
  readonly type: string
  readonly fallback: string
  readonly about: string
}[] = [
  {
    key: 'name',
    type: 'name',
    fallback: 'needed',
    about: 'A rule of a later file with the same name takes the place of the earlier one.',
  },
  {
    key: 'enabled',
    type: '`true` or `false`',
    fallback: '`true`',
    about: '`false` switches a shipped rule off.',
  },
  {
    key: 'provider',
    type: 'name or list of names',
    fallback: 'all',
    about: 'Only replies of these providers.',
  },
  { key: 'site', type: 'site or list of sites', fallback: 'all', about: 'Only replies of these sites.' },
  {
    key: 'domain',
    type: 'domain or list of domains',
    fallback: 'all',
    about: 'Only replies for mail to these domains.',
  },
  { key: 'code', type: 'number or list of numbers, 400 to 599', fallback: 'all', about: 'The reply code.' },
  {
    key: 'enhanced',
    type: 'code or list of codes',
    fallback: 'all',
    about: 'The enhanced code: `"4.7.28"`, or with its beginning `"4.7.*"`.',
  },
  {
    key: 'match',
    type: 'pattern or list of patterns',
    fallback: 'all',
    about: 'One of them occurs in the text of the reply.',
  },
  {
    key: 'class',
    type: 'class or list of classes',
    fallback: 'all',
    about: 'How delivery classifies the reply ([delivery](delivery.md#bounces)).',
  },
  {
    key: 'stage',
    type: 'stage or list of stages',
    fallback: 'all',
    about:
      'The command that was answered: `connect`, `banner`, `ehlo`, `starttls`, `auth`, `mail`, `rcpt`, `data`, `dot`.',
  },
  {
    key: 'lane',
    type: 'lane or list of lanes',
    fallback: 'all',
    about: 'Only replies to mail of these lanes.',
  },
  {
    key: 'threshold',
    type: '`{ count, within }`: 1 to 1000; duration, 1s to 1d',
    fallback: '`{ count = 1, within = "10m" }`',
    about: 'So many replies in so long a time, of one workspace at one site from one source.',
  },
  {
    key: 'action',
    type: '`"suspend-workspace"`, `"suspend-site"`, `"set"`, `"ignore"`, or a list',
    fallback: 'needed',
    about: 'What is done, see below.',
  },
  {
    key: 'set',
    type: 'table of limits',
    fallback: 'only for action `set`',
    about: 'The stricter limits that hold for as long as the overlay lasts.',
  },
  {
    key: 'duration',
    type: 'duration, 1m to 7d',
    fallback: '`"30m"`',
    about: 'How long the overlay lasts. A new reply that matches begins it anew.',
  },
  {
    key: 'at',
    type: '`"site"` or `"provider"`',
    fallback: '`"site"`',
    about: 'Where the overlay holds. `"provider"` needs the key `provider`.',
  },
  {
    key: 'workspaces',
    type: 'whole number, 2 to 1000',
    fallback: '`3`',
    about:
      'With `suspend-workspace`: so many workspaces hit within the time of the threshold suspend the place for all.',
  },
  {
    key: 'reason',
    type: 'text, up to 300 characters',
    fallback: 'the name',
    about: 'What is shown to people.',
  },
]

const RULES_MAX = 300
const LIST_MAX = 50
const STAGES = ['connect', 'banner', 'ehlo', 'starttls', 'auth', 'mail', 'rcpt', 'data', 'dot']
const RULE_NAME = /^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$/

/** What one file says; `null` where it switches a rule off. */
export function readAutomation(
  reader: Reader,
  value: unknown,
  providers: readonly string[],
): Map<string, AutomationRule | null> {
  const rules = new Map<string, AutomationRule | null>()
  for (const [at, table] of reader.tables(value, ['automation'], RULES_MAX).entries()) {
    const path = ['automation', at]
    const name = table['name']
    if (typeof name !== 'string' || !RULE_NAME.test(name)) {
      reader.note(
        [...path, 'name'],
        'is no name',
        'write name = "…" with 1 to 60 small letters, digits and hyphens',
      )
      continue
    }
    if (rules.has(name)) reader.note([...path, 'name'], 'is there twice', 'give each rule its own name')
    rules.set(name, table['enabled'] === false ? null : readRule(reader, table, path, name, providers))
  }
  return rules
}

function readRule(
  reader: Reader,
  table: Table,
  path: Path,
  name: string,
  providers: readonly string[],
): AutomationRule | null {
  const before = reader.problems.length
  reader.onlyKeys(
    table,
    path,
    AUTOMATION_KEYS.map((each) => each.key),
  )
  const problem = (key: string, what: string, fix: string) => reader.note([...path, key], what, fix)
  const list = <T>(key: string, what: string, fix: string, read: (value: unknown) => T | null) =>
    readList(table[key], read, (wrong) =>
      problem(key, `${wrong === '' ? 'is' : `has ${wrong}, which is`} ${what}`, fix),
    )
  const among = (known: readonly string[]) => text((value) => (known.includes(value) ? value : null))
  const scalar = <T>(key: string, fallback: T, read: (value: unknown) => Read<T>): T => {
    const given = table[key]
    if (given === undefined) return fallback
    const result = read(given)
    if (!result.ok) problem(key, result.problem, result.fix)
    return result.ok ? result.value : fallback
  }

  if (table['enabled'] !== undefined && typeof table['enabled'] !== 'boolean')
    problem('enabled', 'is neither true nor false', 'write enabled = false, or leave it out')
  const rule: AutomationRule = {
    name,
    where: reader.where(path),
    providers: list(
      'provider',
      'no known provider',
      `write one of ${providers.slice(0, 30).join(', ')}`,
      among(providers),
    ),
    sites: list(
      'site',
      'no set of MX hosts',
      'write it as bulkhead shaping resolve shows it',
      text(readSiteName),
    ),
    domains: list('domain', 'no domain', 'write it as DNS has it', text(readDomain)),
    codes: list('code', 'no reply code', 'write numbers from 400 to 599', (value) =>
      typeof value === 'number' && Number.isInteger(value) && value >= 400 && value <= 599 ? value : null,
    ),
    enhanced: list(
      'enhanced',
      'no enhanced code',
      'write such as "4.7.28" or "4.7.*"',
      text((value) => (/^[45]\.(?:\d{1,3}\.(?:\d{1,3}|\*)|\*)$/.test(value) ? value : null)),
    ),
    match: patterns(table['match'], (what) =>
      problem('match', what, 'see "Patterns" in docs/shaping.md; write it in single quotes'),
    ),
    classes: list('class', 'no class', `write one of ${REPLY_CLASSES.join(', ')}`, among(REPLY_CLASSES)),
    stages: list('stage', 'no stage', `write one of ${STAGES.join(', ')}`, among(STAGES)),
    lanes: list(
      'lane',
      'no lane',
      `write one of ${LANES.join(', ')}`,
      (value) => LANES.find((lane) => lane === value) ?? null,
    ),
    threshold: readThreshold(reader, table['threshold'], [...path, 'threshold']),
    actions:
      list(
        'action',
        'no action',
        `write one of ${ACTIONS.join(', ')}`,
        (value) => ACTIONS.find((action) => action === value) ?? null,
      ) ?? [],
    settings: readSet(reader, table['set'], [...path, 'set']),
    durationSeconds: scalar('duration', 1_800, (value) => readDuration(value, 60, 7 * 86_400)),
    at: scalar<'site' | 'provider'>('at', 'site', (value) =>
      value === 'site' || value === 'provider'
        ? { ok: true, value }
        : {
            ok: false,
            problem: 'is neither "site" nor "provider"',
            fix: 'write at = "provider", or leave it out',
          },
    ),
    workspaces: scalar('workspaces', 3, (value) => readInteger(value, 2, 1_000)),
    reason: scalar('reason', name, (value) =>
      typeof value === 'string' && value !== '' && value.length <= 300
        ? { ok: true, value }
        : { ok: false, problem: 'is no text of up to 300 characters', fix: 'write reason = "…"' },
    ),
  }
  checkSense(rule, table, problem)
  return reader.problems.length > before ? null : rule
}

/** A reader of texts as one of anything. */
function text(read: (value: string) => string | null): (value: unknown) => string | null {
  return (value) => (typeof value === 'string' ? read(value) : null)
}

type Note = (key: string, what: string, fix: string) => void

/** What each key allows and the rule as a whole does not. */
function checkSense(rule: AutomationRule, table: Table, problem: Note): void {
  if (table['action'] === undefined) problem('action', 'is missing', `write action = "${ACTIONS[0]}"`)
  if (['code', 'enhanced', 'match', 'class'].every((key) => table[key] === undefined))
    problem('match', 'is missing, and so are code, enhanced and class', 'say which replies are meant')
  if (rule.at === 'provider' && rule.providers === null)
    problem('at', 'is "provider", and the rule names none', 'write provider = "…", or at = "site"')
  const sets = rule.actions.includes('set')
  if (sets && table['set'] === undefined)
    problem('set', 'is missing', 'write set = { message_rate = "10/min" }')
  if (!sets && table['set'] !== undefined)
    problem('set', 'belongs to action "set"', 'add "set" to action, or remove it')
  if (rule.actions.length > 1 && rule.actions.includes('ignore'))
    problem('action', 'has "ignore" beside others', 'write "ignore" alone')
}

function readSet(reader: Reader, value: unknown, path: Path): AutomationRule['settings'] {
  const table = reader.table(value, path)
  if (table === null || value === undefined) return []
  if ('replace' in table) reader.note([...path, 'replace'], 'means nothing here', 'remove it')
  const settings = readLayer(reader, table, path, []).settings.map((each) => each.setting)
  if (settings.length === 0 && Object.keys(table).length === 0)
    reader.note(path, 'is empty', `write one of ${LIMIT_KEYS.map((each) => each.key).join(', ')}`)
  return settings
}

function readThreshold(reader: Reader, value: unknown, path: Path): AutomationRule['threshold'] {
  const fallback = { count: 1, withinSeconds: 600 }
  const table = reader.table(value, path)
  if (table === null || value === undefined) return fallback
  reader.onlyKeys(table, path, ['count', 'within'])
  const count = readInteger(table['count'], 1, 1_000)
  const within = readDuration(table['within'], 1, 86_400)
  if (!count.ok) reader.note([...path, 'count'], count.problem, count.fix)
  if (!within.ok) reader.note([...path, 'within'], within.problem, within.fix)
  return count.ok && within.ok ? { count: count.value, withinSeconds: within.value } : fallback
}

/** One value or a list of 1 to 50; null where absent or wrong. */
function readList<T>(
  value: unknown,
  read: (value: unknown) => T | null,
  wrong: (shown: string) => void,
): T[] | null {
  if (value === undefined) return null
  const all: readonly unknown[] = Array.isArray(value) ? value : [value]
  const result: T[] = []
  for (const each of all.slice(0, LIST_MAX)) {
    const one = read(each)
    if (one === null) {
      wrong(
        typeof each === 'string' || typeof each === 'number'
          ? JSON.stringify(each).slice(0, 80)
          : 'something',
      )
      return null
    }
    result.push(one)
  }
  if (result.length > 0 && all.length <= LIST_MAX) return result
  wrong('')
  return null
}

function patterns(value: unknown, wrong: (what: string) => void): Pattern[] | null {
  return readList(
    value,
    (each) => {
      const read = typeof each === 'string' ? compilePattern(each) : null
      if (read?.ok === false) wrong(`${JSON.stringify(each).slice(0, 80)} ${read.problem}`)
      return read?.ok === true ? read.pattern : null
    },
    (shown) => {
      if (shown === '' || shown === 'something' || !shown.startsWith('"'))
        wrong('is no pattern or list of 1 to 50')
    },
  )
}
