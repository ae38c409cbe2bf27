/** What one process answered, in Prometheus' text format. */
export interface Exposition {
  readonly process: string
  readonly text: string
}

const SAMPLE =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\.)*",?)*\})? ([+-]?(?:Inf|NaN|[0-9.eE+-]+))$/
const COMMENT = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.{1,1000})$/
const SUFFIX = /_(?:bucket|sum|count)$/
/** Per process; ours make some 2,000. */
const LINES_MAX = 50_000

interface Family {
  help: string
  type: string
  readonly samples: string[]
}

/**
 * The metrics of several processes as one text: each sample gets the label `process`, each family its lines of HELP and TYPE once. Lines
 * that are not of the format are left out, and so is a sample that names its process itself: a process that was taken over must not
 * speak for others.
 */
export function mergeExpositions(expositions: readonly Exposition[]): string {
  const families = new Map<string, Family>()
  const familyOf = (name: string): Family => {
    const known = families.get(name)
    if (known !== undefined) return known
    const made: Family = { help: '', type: 'untyped', samples: [] }
    families.set(name, made)
    return made
  }
  for (const { process, text } of expositions) {
    const own = new Map<string, string>()
    for (const line of text.split('\n', LINES_MAX)) {
      const comment = COMMENT.exec(line)
      if (comment !== null) {
        const [, kind = '', name = '', rest = ''] = comment
        const family = familyOf(name)
        if (kind === 'HELP') family.help ||= rest
        else {
          own.set(name, rest)
          if (family.type === 'untyped') family.type = rest
        }
        continue
      }
      const sample = SAMPLE.exec(line)
      if (sample === null) continue
      const [, name = '', labels = '{}', value = ''] = sample
      if (/[{,]process="/.test(labels)) continue
      const family = own.get(name) === undefined ? name.replace(SUFFIX, '') : name
      const rest = labels.slice(1, -1).replace(/,$/, '')
      familyOf(family).samples.push(`${name}{process="${process}"${rest === '' ? '' : `,${rest}`}} ${value}`)
    }
  }
  return [...families]
    .map(
      ([name, { help, type, samples }]) =>
        `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.join('\n')}\n`,
    )
    .join('\n')
}
