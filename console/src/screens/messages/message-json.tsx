import type { Message } from '../../api/types.ts'
import { CodeBlock } from '../../ui/code-block.tsx'

/** As much as a browser lays out without a pause. */
const SHOWN_CHARS_MAX = 200_000

/** The message as the API answers it. */
export function MessageJson({ message }: { readonly message: Message }) {
  const text = JSON.stringify(message, null, 2)
  const isCut = text.length > SHOWN_CHARS_MAX
  return (
    <div>
      <p className="mb-2 text-sm text-muted">
        GET /v1/messages/{message.id}
        {isCut && '. The begin is shown; copying takes all of it.'}
      </p>
      <CodeBlock
        shown={isCut ? `${text.slice(0, SHOWN_CHARS_MAX)}\n…` : text}
        copied={text}
        label="The message as JSON"
      />
    </div>
  )
}
