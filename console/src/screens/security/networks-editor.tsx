import { useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { TextArea } from '../../ui/text-area.tsx'
import { wordsIn } from '../../words-in.ts'
import { problemOfCidr } from './networks.ts'
import { PolicyEffect } from './policy-effect.tsx'
import type { Policy } from './policy-words.ts'

/** The networks from which members may act. The server says who is left outside, and whether that is you. */
export function NetworksEditor({
  policy,
  yourAddress,
  onDone,
}: {
  readonly policy: Policy
  readonly yourAddress: string
  readonly onDone: () => void
}) {
  const [text, setText] = useState(policy.allowedCidrs.join('\n'))
  const networks = wordsIn(text)
  const problem = networks.map(problemOfCidr).find((one) => one !== undefined)
  const add = (network: string): void => setText([...networks, network].join('\n'))
  return (
    <>
      <TextArea
        label="Networks, one on each line"
        name="allowedCidrs"
        rows={Math.min(10, Math.max(3, networks.length + 1))}
        className="font-mono"
        value={text}
        onChange={(event) => setText(event.target.value)}
        placeholder={'203.0.113.0/24\n2001:db8::/32'}
        hint="IPv4 and IPv6, up to 200. Empty: from everywhere."
        problem={problem}
      />
      {!networks.includes(yourAddress) && (
        <p className="-mt-2 mb-4 flex flex-wrap items-center gap-2 text-sm text-muted">
          <span>
            Your address is <code className="font-mono text-ink">{yourAddress}</code>.
          </span>
          <Button onClick={() => add(yourAddress)}>Add my address</Button>
        </p>
      )}
      <PolicyEffect
        now={policy}
        wanted={{ allowedCidrs: problem === undefined ? networks : policy.allowedCidrs }}
        problem={problem === undefined ? undefined : 'Mend the list first.'}
        onDone={onDone}
      />
    </>
  )
}
