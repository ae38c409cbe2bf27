// The entry of a process that writes styles into elements. It has no settings of the product and may read its own code and the library only; a
// document that ends it ends nothing else.
import type { JobAnswer } from '../job-pool/index.ts'
import { withInlineStyles } from './inline.ts'
import type { InlineLimits } from './limits.ts'

const limits: InlineLimits = JSON.parse(process.argv[2] ?? '')

// Whoever started it is gone, however that came about.
process.on('disconnect', () => process.exit())
process.on('message', (documents: readonly string[]) => {
  const endsAtMs = workedMs() + limits.turnMs
  for (const [at, html] of documents.entries()) {
    answer({ html: withInlineStyles(html, limits) })
    if (workedMs() < endsAtMs) continue
    // Whose documents take long waits for another turn with the rest.
    if (at < documents.length - 1) answer(null)
    return
  }
})

function workedMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

function answer(result: { readonly html: string } | null): void {
  const told: JobAnswer<{ readonly html: string }> = { result, workedMs: workedMs() }
  process.send?.(told)
}

answer(null)
