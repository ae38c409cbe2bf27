import { Fault, invalidField } from '../../kernel/faults.ts'
import type { StyleInliner } from '../../platform/inline-css/index.ts'

/** HTML with styles in its elements. Only the message is refused whose html ends the process that does it, or takes it too long. */
export async function styledHtml(
  inliner: Pick<StyleInliner, 'inlined'> | undefined,
  workspaceId: string,
  html: string,
): Promise<string> {
  if (inliner === undefined) throw new Error('this process writes no styles into elements')
  const answer = await inliner.inlined(workspaceId, html)
  if (answer === 'busy')
    throw new Fault('too_many_requests', {
      detail: 'More messages wait for their styles than fit in the line. Try again in a moment.',
      retryAfterSeconds: 1,
    })
  if (!('stoppedBy' in answer)) return answer.html
  throw invalidField(
    'finish.inlineCss',
    answer.stoppedBy === 'time' ? 'takes too long with this html' : 'fails with this html',
    'Leave it out.',
  )
}
