import type { RenderJob } from './job.ts'

/**
 * Texts of jobs that wait, each held once: the mail to a thousand recipients waits as a thousand jobs of one source. Whoever has a text first
 * pays for it.
 */
export function createSharedTexts() {
  const held = new Map<string, { readonly text: string; uses: number }>()

  function share(text: string): { readonly text: string; readonly chars: number } {
    const known = held.get(text)
    if (known !== undefined) {
      known.uses += 1
      return { text: known.text, chars: 0 }
    }
    held.set(text, { text, uses: 1 })
    return { text, chars: text.length }
  }

  function drop(text: string): void {
    const known = held.get(text)
    if (known === undefined) return
    known.uses -= 1
    if (known.uses === 0) held.delete(text)
  }

  return {
    /** The job with texts that others hold already, and how many characters it adds to what is held. */
    take(job: RenderJob): { readonly job: RenderJob; readonly chars: number } {
      const subject = share(job.subject)
      const html = job.html === null ? null : share(job.html)
      const text = job.text === null ? null : share(job.text)
      const editable = job.editable.map(({ name, content }) => ({ name, shared: share(content) }))
      const shared = [subject, html, text, ...editable.map((each) => each.shared)]
      return {
        job: {
          ...job,
          subject: subject.text,
          html: html?.text ?? null,
          text: text?.text ?? null,
          editable: editable.map(({ name, shared: { text: content } }) => ({ name, content })),
        },
        chars: job.data.length + shared.reduce((sum, each) => sum + (each?.chars ?? 0), 0),
      }
    },
    /** The job waits no longer. */
    giveBack(job: RenderJob): void {
      for (const text of [job.subject, job.html, job.text, ...job.editable.map(({ content }) => content)])
        if (text !== null) drop(text)
    },
  }
}
