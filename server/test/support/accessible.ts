import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { z } from 'zod'

const Findings = z.array(
  z.object({
    id: z.string(),
    impact: z.string().nullish(),
    help: z.string(),
    nodes: z.array(
      z.object({ html: z.string(), target: z.array(z.unknown()), failureSummary: z.string().nullish() }),
    ),
  }),
)

/**
 * Fails when axe-core finds something serious or critical in the page (WCAG 2.2 A and AA and its best practices). The source of axe is handed
 * to the page by the debugger, so that the policy of the page stays as it is. Frames of captured mail are not the console's and are left out.
 * @throws Error with the rule, the element and what to change.
 */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axe.source)
  const said = await page.evaluate(
    `axe.run(document, { iframes: false, resultTypes: ['violations'] }).then(({ violations }) => violations)`,
  )
  const bad = Findings.parse(said).filter(({ impact }) => impact === 'serious' || impact === 'critical')
  if (bad.length === 0) return
  const lines = bad.map(
    ({ id, impact, help, nodes }) =>
      `${impact} ${id}: ${help}\n${nodes
        .slice(0, 5)
        .map((node) => `  ${node.target.join(' ')}\n    ${node.html}\n    ${node.failureSummary ?? ''}`)
        .join('\n')}`,
  )
  throw new Error(`${page.url()} has serious problems of accessibility:\n${lines.join('\n')}`)
}
