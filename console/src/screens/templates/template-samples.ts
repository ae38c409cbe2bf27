import type { Sample } from '../../ui/samples.tsx'

/** Programs that send a message of a template. The key comes from the environment; addresses are to be replaced. */
export function templateSamples(what: {
  readonly url: string
  readonly template: string
  readonly data: Readonly<Record<string, unknown>>
}): readonly Sample[] {
  const message = {
    from: 'hello@your-domain.example',
    to: ['ann@example.com'],
    template: { id: what.template, data: what.data },
  }
  const body = JSON.stringify(message, null, 2)
  const url = `${what.url}/v1/messages`
  return [
    {
      name: 'curl',
      label: 'curl',
      // A quote inside a quoted text of the shell.
      code: `curl ${url} \\
  -H "Authorization: Bearer $BULKHEAD_API_KEY" \\
  -H 'Content-Type: application/json' \\
  -d '${body.replaceAll("'", String.raw`'\''`)}'`,
    },
    {
      name: 'node',
      label: 'Node',
      code: `const response = await fetch('${url}', {
  method: 'POST',
  headers: {
    authorization: \`Bearer \${process.env.BULKHEAD_API_KEY}\`,
    'content-type': 'application/json',
  },
  body: JSON.stringify(${body.replaceAll('\n', '\n  ')}),
})
console.log(response.status, await response.json())`,
    },
    {
      name: 'python',
      label: 'Python',
      code: `import json, os, urllib.request

message = json.loads(r'''${body.replaceAll("'''", String.raw`\u0027\u0027\u0027`)}''')
request = urllib.request.Request(
    "${url}",
    data=json.dumps(message).encode(),
    headers={
        "Authorization": f"Bearer {os.environ['BULKHEAD_API_KEY']}",
        "Content-Type": "application/json",
    },
)
print(json.load(urllib.request.urlopen(request)))`,
    },
    {
      name: 'cli',
      label: 'Command line',
      code: `bulkhead send --from hello@your-domain.example --to ann@example.com \\
  --template ${what.template} --values '${JSON.stringify(what.data).replaceAll("'", String.raw`'\''`)}' --wait`,
    },
  ]
}
