import type { PlatformName } from './workload-platforms.ts'

interface SampleFacts {
  readonly rule: string
  readonly audience: string
  /** Base URL of the API. */
  readonly api: string
}

const exchange = (indent: string): string =>
  [
    `KEY=$(curl -sf "$API/v1/federation/token" -H 'content-type: application/json' \\`,
    `  -d "{\\"rule\\":\\"$RULE\\",\\"token\\":\\"$TOKEN\\"}" | jq -r .key)`,
  ]
    .map((line) => indent + line)
    .join('\n')

const send = (indent: string): string =>
  [
    `curl -sf "$API/v1/messages" -H "Authorization: Bearer $KEY" \\`,
    `  -H 'content-type: application/json' -d @message.json`,
  ]
    .map((line) => indent + line)
    .join('\n')

/** What stands in the workload's own configuration: it gets a token, exchanges it, and uses the key. */
export function sampleOf(platform: PlatformName, { rule, audience, api }: SampleFacts): string {
  switch (platform) {
    case 'github':
      return `permissions:
  id-token: write
steps:
  - name: Send mail
    env:
      RULE: ${rule}
      API: ${api}
      AUDIENCE: ${audience}
    run: |
      TOKEN=$(curl -sf -H "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \\
        "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=$AUDIENCE" | jq -r .value)
${exchange('      ')}
      echo "::add-mask::$KEY"
${send('      ')}`
    case 'gitlab':
      return `send-mail:
  id_tokens:
    TOKEN:
      aud: ${audience}
  variables:
    RULE: ${rule}
    API: ${api}
  script:
    - |
${exchange('      ')}
${send('      ')}`
    case 'kubernetes':
      return `# The pod gets its token as a file, and renews it by itself.
spec:
  serviceAccountName: <service account>
  containers:
    - name: mailer
      env:
        - { name: RULE, value: ${rule} }
        - { name: API, value: ${api} }
      volumeMounts:
        - { name: bulkhead, mountPath: /var/run/bulkhead, readOnly: true }
  volumes:
    - name: bulkhead
      projected:
        sources:
          - serviceAccountToken:
              audience: ${audience}
              expirationSeconds: 600
              path: token

# In the container:
TOKEN=$(cat /var/run/bulkhead/token)
${exchange('')}
${send('')}`
    case 'other':
      return `# TOKEN: what the platform gives for the audience ${audience}
RULE=${rule}
API=${api}
${exchange('')}
${send('')}`
  }
}
