import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { BUILT_IN, LIMIT_KEYS, loadRules } from './index.ts'
import { AUTOMATION_KEYS } from './read-automation.ts'
import { readShipped } from './rules-file.ts'
import { LAYERS } from './rules.ts'

const text = readFileSync(new URL('../../../../docs/shaping.md', import.meta.url), 'utf8')
/** Cells of tables, without the padding that the formatter adds. */
const rows = text.split('\n').map((line) => line.replaceAll(/\s+/g, ' ').trim())

describe('docs/shaping.md', () => {
  it.each(LIMIT_KEYS.map((each) => [each.key, each] as const))(
    'says type, default and meaning of %s',
    (key, each) => {
      const fallback =
        key === 'retry' ? "the engine's own: [delivery](delivery.md#retries)" : `\`${each.show(BUILT_IN)}\``
      expect(rows).toContain(
        `| \`${key}\` | ${each.type} | ${fallback} | ${each.about} | \`${each.example}\` |`,
      )
    },
  )

  it.each(AUTOMATION_KEYS.map((each) => [each.key, each] as const))(
    'says type, default and meaning of %s of a rule',
    (key, each) => {
      expect(rows).toContain(`| \`${key}\` | ${each.type} | ${each.fallback} | ${each.about} |`)
    },
  )

  it('names the layers in their order', () => {
    const named = LAYERS.map((name) => rows.findIndex((row) => row.startsWith(`| ${name} |`)))
    expect(named.every((at) => at > 0)).toBe(true)
    expect(named).toEqual(named.toSorted((a, b) => a - b))
  })

  it('shows examples that are without problems', async () => {
    const examples = [...text.matchAll(/```toml\n([^]*?)```/g)].map((match) => match[1] ?? '')
    expect(examples.length).toBeGreaterThan(1)
    for (const example of examples) {
      const loaded = loadRules([await readShipped(), { name: 'example', text: example }])
      expect(loaded.ok ? [] : loaded.problems).toEqual([])
    }
    for (const { example, key } of LIMIT_KEYS) {
      const loaded = loadRules([{ name: key, text: `[default]\n${example}\n` }])
      expect(loaded.ok ? [] : loaded.problems).toEqual([])
    }
  })
})
