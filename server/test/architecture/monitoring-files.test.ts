import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { metricCatalogue, runtimeMetricNames } from '../../src/processes/metric-catalogue.ts'

const ROOT = join(import.meta.dirname, '../../..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

const catalogue = metricCatalogue()
const known = new Set([
  ...runtimeMetricNames(),
  ...catalogue.flatMap(({ name, type }) =>
    type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
])
const namesIn = (text: string): string[] => [
  ...new Set([...text.matchAll(/\b(?:bulkhead|nodejs|process)_[a-z0-9_]+\b/g)].map(([name]) => name)),
]

interface Panel {
  readonly title: string
  readonly type: string
  readonly id: number
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly { readonly expr: string }[]
}

describe('the files for monitoring', () => {
  it.each(['deploy/grafana/bulkhead.json', 'deploy/prometheus/alerts.yml', 'docs/monitoring.md'])(
    'name only metrics that exist: %s',
    (path) => {
      const names = namesIn(read(path))
      expect(names.length).toBeGreaterThan(10)
      expect(names.filter((name) => !known.has(name))).toEqual([])
    },
  )

  it('use only labels that a metric has', () => {
    const wrong: string[] = []
    for (const path of ['deploy/grafana/bulkhead.json', 'deploy/prometheus/alerts.yml', 'docs/monitoring.md'])
      for (const [, name = '', labels = ''] of read(path).matchAll(/\b(bulkhead_\w+)\{([^}]*)\}/g)) {
        const entry = catalogue.find((each) => name === each.name || name.startsWith(`${each.name}_`))
        for (const [, label = ''] of labels.matchAll(/(\w+)(?:!=|=~|!~|=)/g))
          if (![...(entry?.labels ?? []), 'instance', 'process'].includes(label))
            wrong.push(`${path}: ${name} ${label}`)
      }
    expect(wrong).toEqual([])
  })

  it('show every metric of the product in the dashboard', () => {
    const shown = namesIn(read('deploy/grafana/bulkhead.json'))
    const missing = catalogue.filter(
      ({ name }) => !shown.some((each) => each === name || each.startsWith(`${name}_`)),
    )
    expect(missing.map(({ name }) => name).filter((name) => !NOT_SHOWN.has(name))).toEqual([])
  })

  it('lay the panels out without overlaps, each with an id of its own', () => {
    const { panels }: { panels: readonly Panel[] } = JSON.parse(read('deploy/grafana/bulkhead.json'))
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    const cells = new Set<string>()
    for (const { gridPos } of panels)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect([x < 24, cells.has(`${x} ${y}`)]).toEqual([true, false])
          cells.add(`${x} ${y}`)
        }
    expect(panels.filter(({ type, targets }) => type !== 'row' && (targets?.length ?? 0) === 0)).toEqual([])
  })

  it('give no metric a label for a workspace, an address or a message', () => {
    const words = catalogue.flatMap(({ labels }) => labels)
    expect(
      words.filter((label) => /workspace|address|email|message|recipient|domain|customer|ip$/.test(label)),
    ).toEqual([])
  })

  it('name each metric with its unit, as Prometheus asks', () => {
    const odd = catalogue.filter(
      ({ name, type }) =>
        !name.startsWith('bulkhead_') ||
        (type === 'counter') !== name.endsWith('_total') ||
        (type === 'histogram' && !/_(?:seconds|recipients|messages)$/.test(name)),
    )
    expect(odd.map(({ name }) => name)).toEqual([])
  })
})

/** For alerts and questions rather than for a curve. */
const NOT_SHOWN = new Set(['bulkhead_installation_read_timestamp_seconds', 'bulkhead_http_requests_open'])
